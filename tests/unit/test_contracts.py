"""Contracts: what is refused, what follows from one, and when its fingerprint changes."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from flows import reference
from flows.contracts import Contract, contracts_fingerprint, header_key, load_contract, load_contracts
from flows.errors import UsageError
from tests.faults.things import CONTRACT, things

Change = dict[str, Any]


def contract(**changes: Any) -> Contract:
    """The contract of things, changed."""
    return Contract.model_validate(CONTRACT | changes)


def column(**changes: Any) -> Change:
    """One more column."""
    return {"name": "extra", "type": "text", "description": "One more column"} | changes


def rule(**changes: Any) -> Change:
    """One more rule."""
    sound = {"code": "EXTRA", "severity": "warning", "dimension": "validity", "message": "One more rule"}
    return sound | ({} if {"expectation", "breaks"} & changes.keys() else {"breaks": "count > 3"}) | changes


def with_column(**changes: Any) -> Change:
    return {"columns": [*CONTRACT["columns"], column(**changes)]}


def with_rule(**changes: Any) -> Change:
    return {"rules": [*CONTRACT["rules"], rule(**changes)]}


WARD = {"reference": "wards", "column": "ward", "spellings": ["ward", "official_name"]}


def test_one_more_column_and_rule_are_fine() -> None:
    assert contract(**with_column()).columns[-1].name == "extra"
    assert contract(**with_rule()).rules[-1].code == "EXTRA"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"colour": "red"}, "Extra inputs are not permitted"),
        ({"cadence": "hourly"}, "cadence"),
        ({"title": "Short"}, "title"),
        ({"source": "Things"}, "source"),
        ({"source": "things; drop table x"}, "source"),
        ({"key": ["nothing"]}, "'nothing' is not a loaded column"),
        ({"key": ["person_name"]}, "'person_name' is not a loaded column"),
        ({"delivery": {"kind": "changes", "naming": "police_uk"}}, "needs a `suffix`"),
        ({"delivery": {"kind": "slice", "naming": "dated", "force_column": "nothing"}}, "'nothing'"),
        ({"delivery": {"kind": "changes", "naming": "dated", "max_quarantined_share": 0}}, "max_quarantined_share"),
        ({"delivery": {"kind": "changes", "naming": "dated", "max_quarantined_share": 1.1}}, "max_quarantined_share"),
        ({"delivery": {"kind": "changes", "naming": "dated", "min_quarantined_rows": 0}}, "min_quarantined_rows"),
        (with_column(name="status"), "a column name is given twice"),
        (with_column(headers=["STATUS "]), "two columns share a header"),
        (with_column(headers=["last_seen"]), "two columns share a header"),
        (with_column(type="money"), "type"),
        (with_column(description="Short"), "description"),
        (with_column(name='a"b'), "name"),
        (with_column(colour="red"), "Extra inputs are not permitted"),
        (with_rule(expectation="expect_x", breaks="count > 3"), "give either"),
        (with_rule(expectation=None, breaks=None), "give either"),
        (with_rule(code="COUNT_NEGATIVE"), "a rule code is given twice"),
        (with_rule(code="STATUS_TYPE"), "a rule code is given twice"),
        (with_rule(code="count-negative"), "code"),
        (with_rule(severity="critical", nulls=["count"]), "`nulls` has no meaning"),
        (with_rule(nulls=["nothing"]), "'nothing'"),
        (with_rule(nulls=["person_name"]), "'person_name'"),
        (with_rule(expectation="expect_column_values_to_not_be_null", kwargs={"column": "person_name"}), "person_name"),
        (with_rule(expectation="e", kwargs={"column_A": "count", "column_B": "nothing"}), "'nothing'"),
        (with_rule(severity="serious"), "severity"),
        (with_rule(dimension="beauty"), "dimension"),
        (with_column(pseudonymised=True, personal=True), "can be pseudonymised"),
        (with_column(pseudonymised=True, type="int"), "can be pseudonymised"),
        (with_column(pseudonymised=True, reads={"pattern": "a", "replacement": "b"}), "can be pseudonymised"),
        (with_column(reads={"pattern": "a"}), "replacement"),
        ({"reference": ["nothing"]}, "there is no reference data 'nothing'; the seeds are: "),
        (with_column(listed_in=WARD), "listed in 'wards', which `reference` does not name"),
        ({"reference": ["wards"], **with_column(listed_in=WARD | {"column": "name"})}, "has no column 'name'"),
        ({"reference": ["wards"], **with_column(listed_in=WARD | {"spellings": ["x"]})}, "has no column 'x'"),
        ({"reference": ["wards"], **with_column(listed_in=WARD, type="int")}, "only a text or code can be listed"),
    ],
)
def test_what_makes_no_sense_is_refused(changes: Change, why: str, tmp_path: Path) -> None:
    (tmp_path / "things.yml").write_text(yaml.safe_dump(CONTRACT | changes), encoding="utf-8")
    with pytest.raises(UsageError) as raised:
        load_contract(tmp_path / "things.yml")
    told = str(raised.value)
    assert told.startswith("things.yml is not a sound contract: ")
    assert why in told
    assert "\n" not in told


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"key": ["thing_ref", "status"]}, "give one `key`"),
        ({"counted_by": None}, "give in `counted_by`"),
        ({"counted_by": "status"}, "give in `counted_by`"),
        ({"counted_by": "started_on"}, "give in `counted_by`"),
    ],
)
def test_what_states_cannot_be_made_by_is_refused(changes: Change, why: str) -> None:
    with pytest.raises(UsageError, match=r"things\.yml: ") as raised:
        contract(**changes).check_states()
    assert why in str(raised.value)


@pytest.mark.parametrize("content", ["a: [", "- a\n- b\n", "", "a: b: c\n", "\x00"])
def test_a_file_that_is_no_contract_is_refused_in_one_line(content: str, tmp_path: Path) -> None:
    (tmp_path / "things.yml").write_text(content, encoding="utf-8")
    with pytest.raises(UsageError, match=r"things\.yml is not a sound contract") as raised:
        load_contract(tmp_path / "things.yml")
    assert "\n" not in str(raised.value)


def test_a_contract_must_lie_in_a_file_of_its_name(tmp_path: Path) -> None:
    (tmp_path / "other.yml").write_text(yaml.safe_dump(CONTRACT), encoding="utf-8")
    with pytest.raises(UsageError, match=r"name the file things\.yml"):
        load_contract(tmp_path / "other.yml")


def test_a_folder_without_contracts_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no contract"):
        load_contracts(tmp_path)


def test_contracts_come_in_the_order_of_their_sources(tmp_path: Path) -> None:
    things(tmp_path)
    another = deepcopy(CONTRACT) | {"source": "apples"}
    (tmp_path / "apples.yml").write_text(yaml.safe_dump(another), encoding="utf-8")
    assert list(load_contracts(tmp_path)) == ["apples", "things"]


def test_personal_columns_are_not_loaded() -> None:
    names = [column.name for column in contract().loaded_columns]
    assert names == ["thing_ref", "status", "seen_at", "started_on", "count", "price", "is_open", "note"]


def test_types_and_required_columns_and_the_key_make_rules() -> None:
    made = {rule.code: rule.severity for rule in contract().all_rules}
    assert made == {
        "THING_REF_TYPE": "critical",
        "THING_REF_MISSING": "critical",
        "STATUS_TYPE": "critical",
        "STATUS_MISSING": "critical",
        "SEEN_AT_TYPE": "critical",
        "STARTED_ON_TYPE": "critical",
        "COUNT_TYPE": "critical",
        "PRICE_TYPE": "warning",
        "IS_OPEN_TYPE": "critical",
        "KEY_REPEATED": "critical",
        "STATUS_UNKNOWN": "critical",
        "COUNT_NEGATIVE": "critical",
        "BEGAN_AFTER_EXTRACT": "warning",
    }


def test_a_column_that_is_listed_has_a_rule_for_what_is_not() -> None:
    described = contract(reference=["wards"], **with_column(name="ward", listed_in=WARD, bad_type="warning"))
    (rule,) = (rule for rule in described.all_rules if rule.code.startswith("WARD_"))
    assert (rule.code, rule.severity) == ("WARD_UNKNOWN", "warning")
    assert rule.message == "ward is not in the list of wards; it is taken as not known"
    assert rule.kwargs == {"column": "ward__as_given"}


def test_a_key_is_needed_where_a_column_refers_to_people() -> None:
    assert not contract().needs_hmac_key
    assert contract(**with_column(pseudonymised=True)).needs_hmac_key


def test_a_slice_of_a_named_force_has_a_rule_for_the_force_and_none_for_the_key() -> None:
    codes = [rule.code for rule in load_contracts()["police_uk_street"].all_rules]
    assert "FORCE_NOT_OF_FILE" in codes
    assert "KEY_REPEATED" not in codes


def test_the_owner_of_a_rule_is_its_own_or_the_contracts() -> None:
    owners = {rule.code: contract().rule_owner(rule) for rule in contract().rules}
    assert owners == {
        "STATUS_UNKNOWN": "Keeper of things",
        "COUNT_NEGATIVE": "Keeper of things",
        "BEGAN_AFTER_EXTRACT": "Clerk of days",
    }


@pytest.mark.parametrize(
    ("header", "key"),
    [
        ("Crime ID", "crime_id"),
        (" CRIME_ID ", "crime_id"),
        ("crime  id", "crime_id"),
        ("crime _\u00a0id", "crime_id"),
        ("\ufeffCrime ID", "crime_id"),
        ("crime-id", "crime-id"),
        ("_crime id_", "crime_id"),
        ("", ""),
        ("  ", ""),
        ("É", "é"),
    ],
)
def test_headers_are_compared_without_regard_to_case_space_and_underscore(header: str, key: str) -> None:
    assert header_key(header) == key


@pytest.mark.parametrize(
    "changes",
    [
        {"owner": "Somebody else"},
        {"key": ["status"]},
        with_column(),
        with_rule(),
        {"columns": [CONTRACT["columns"][1], CONTRACT["columns"][0], *CONTRACT["columns"][2:]]},
        {"delivery": CONTRACT["delivery"] | {"max_quarantined_share": 0.3}},
    ],
)
def test_a_change_changes_the_fingerprint(changes: Change) -> None:
    assert contract(**changes).fingerprint != contract().fingerprint
    one, other = {"things": contract()}, {"things": contract(**changes)}
    assert contracts_fingerprint(one) != contracts_fingerprint(other)


def test_a_change_of_the_reference_data_changes_the_fingerprint_of_who_uses_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reference, "SEEDS_DIR", tmp_path)
    (tmp_path / "wards.csv").write_text("ward\nTower\n", encoding="utf-8")
    using, other = contract(reference=["wards"]), contract()
    before = using.fingerprint, other.fingerprint
    (tmp_path / "wards.csv").write_text("ward\nTower\nVintry\n", encoding="utf-8")
    assert using.fingerprint != before[0]
    assert other.fingerprint == before[1]


def test_the_columns_of_reference_data_have_the_types_of_their_seed() -> None:
    found = reference.columns("offences")
    assert (found["class_code"], found["recordable"], found["valid_to"]) == ("varchar", "boolean", "date")
    with pytest.raises(UsageError, match=r"there is no reference data 'nothing'; the seeds are: .*wards"):
        reference.columns("nothing")


def test_the_way_it_is_written_does_not(tmp_path: Path) -> None:
    turned = dict(reversed(CONTRACT.items()))
    text = "# A comment\n" + yaml.safe_dump(turned, sort_keys=False, default_flow_style=True)
    (tmp_path / "things.yml").write_text(text, encoding="utf-8")
    assert load_contract(tmp_path / "things.yml").fingerprint == contract().fingerprint


def test_a_contract_does_not_change_once_it_is_read() -> None:
    with pytest.raises(ValueError, match="frozen"):
        contract().owner = "Somebody else"  # pyright: ignore[reportAttributeAccessIssue]


def test_every_contract_of_the_project_is_sound_and_described() -> None:
    for source, found in load_contracts().items():
        assert found.source == source
        assert found.key
        assert {rule.severity for rule in found.all_rules} >= {"critical"}
