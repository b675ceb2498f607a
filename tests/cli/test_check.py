"""check: what it looks at, and that it finds what is wrong."""

from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from flows import lineage
from flows.contracts import Contract, load_contracts
from flows.errors import UsageError
from flows.operate import check, dbt_lineage, generate
from tests.cli.conftest import Safercity
from tests.faults.sandbox import Sandbox

PROJECT = generate.PROJECT_DIR


def changed(**changes: Any) -> dict[str, Contract]:
    """The contracts, with something changed in one."""
    contracts = load_contracts()
    street = contracts["police_uk_street"].model_dump()
    return contracts | {"police_uk_street": Contract.model_validate(street | changes)}


@pytest.fixture
def sound(sandbox: Sandbox) -> Sandbox:
    """A sandbox with nothing wrong."""
    sandbox.landing.mkdir()
    return sandbox


def wrong(safercity: Safercity, sandbox: Sandbox) -> dict[str, str]:
    """What is found to be wrong, and the remark on it; the exit code must say the same."""
    ended = safercity(sandbox, "check", "--json")
    assert [set(finding) for finding in ended.json] == [{"subject", "sound", "remark"}] * len(ended.json)
    found = {finding["subject"]: finding["remark"] for finding in ended.json if not finding["sound"]}
    assert ended.code == (2 if found else 0)
    return found


def test_everything_is_sound(safercity: Safercity, sound: Sandbox) -> None:
    """Also that what is generated from the contracts is what they say today."""
    ended = safercity(sound, "check")
    assert ended.code == 0
    assert "WRONG" not in ended.out
    for subject in ("settings", "landing", "contract police_uk_street", "generated files", "alerts"):
        assert f"ok\t{subject}\t" in ended.out


def test_it_changes_nothing(safercity: Safercity, sound: Sandbox) -> None:
    safercity(sound, "check")
    assert not sound.data.exists()


def test_a_landing_folder_that_is_not_there(safercity: Safercity, sandbox: Sandbox) -> None:
    assert wrong(safercity, sandbox) == {
        "landing": f"{sandbox.landing} is no folder; make it, or set SAFERCITY_LANDING"
    }


def test_a_changed_contract_makes_generated_files_stale(safercity: Safercity, sound: Sandbox) -> None:
    with patch.object(check, "load_contracts", lambda: changed(description="One row per changed description of a row")):
        assert wrong(safercity, sound) == {
            "generated files": "not what the contracts say: "
            "dbt_project/models/staging/police_uk/_police_uk__sources.yml, docs/deliveries.md; "
            "run: safercity check --write"
        }


@pytest.mark.parametrize("change", ["owner", "cadence", "rules", "column"])
def test_every_part_of_a_contract_is_in_a_generated_file(change: str) -> None:
    contract = load_contracts()["police_uk_street"]
    columns = [column.model_dump() for column in contract.columns]
    columns[0]["description"] = "Another description of the column"
    changes: dict[str, Any] = {
        "owner": {"owner": "Somebody else"},
        "cadence": {"cadence": "yearly"},
        "rules": {"rules": [rule.model_dump() for rule in contract.rules[1:]]},
        "column": {"columns": columns},
    }
    assert generate.out_of_date(changed(**changes[change]))
    assert generate.out_of_date(load_contracts()) == []


def test_writing_what_is_generated(safercity: Safercity, sound: Sandbox, tmp_path: Path) -> None:
    """Into an empty project: every file is written, as it stands in this one, and then nothing is out of date."""
    empty = tmp_path / "project"
    with (
        patch.object(generate, "PROJECT_DIR", empty),
        patch.object(check, "PROJECT_DIR", empty),
        patch.object(dbt_lineage, "write", side_effect=[True, False]),
    ):
        assert set(wrong(safercity, sound)) == {"generated files"}
        ended = safercity(sound, "check", "--write")
        assert ended.code == 0
        assert ended.out.count("wrote ") == 7
        assert f"wrote {lineage.FILE}\n" in ended.out
        assert "wrote" not in safercity(sound, "check", "--write").out
    written = sorted(path.relative_to(empty) for path in empty.rglob("*") if path.is_file())
    assert written == [
        Path("dbt_project/macros/quality_rules.sql"),
        Path("dbt_project/macros/record_sources.sql"),
        Path("dbt_project/models/staging/police_uk/_police_uk__sources.yml"),
        Path("dbt_project/models/staging/records/_records__sources.yml"),
        Path("docs/deliveries.md"),
        Path("docs/rules.md"),
    ]
    for path in written:
        assert (empty / path).read_bytes() == (PROJECT / path).read_bytes()


def test_a_contract_that_is_not_sound(safercity: Safercity, sound: Sandbox) -> None:
    def broken() -> dict[str, Contract]:
        raise UsageError("police_uk_street.yml is not a sound contract: owner: Field required")

    with patch.object(check, "load_contracts", broken):
        assert wrong(safercity, sound) == {
            "contracts": "police_uk_street.yml is not a sound contract: owner: Field required"
        }


@pytest.mark.parametrize(
    ("key", "is_sound", "remark"),
    [
        (None, True, "is not set: enforcement_actions can't be read before SAFERCITY_HMAC_KEY is"),
        ("SECRET" * 5, False, "SAFERCITY_HMAC_KEY has less than 32 characters and can be guessed"),
        ("SECRET" * 6, True, "is set, for enforcement_actions"),
    ],
)
def test_the_key_for_references_to_people(sound: Sandbox, key: str | None, is_sound: bool, remark: str) -> None:
    sound.given = {"hmac_key": key}
    found = {finding.subject: finding for finding in check.check(sound.settings)}
    assert found["key for people"] == check.Finding("key for people", is_sound, remark)


def test_without_references_to_people_no_key_is_looked_for(sound: Sandbox) -> None:
    without = {name: found for name, found in load_contracts().items() if not found.needs_hmac_key}
    with patch.object(check, "load_contracts", lambda: without):
        assert "key for people" not in {finding.subject for finding in check.check(sound.settings)}


def test_a_column_that_refers_to_people_says_so_in_the_dictionary() -> None:
    (dictionary,) = (
        text for path, text in generate.generated_files(load_contracts()).items() if path.name == "deliveries.md"
    )
    assert (
        "| `person_ref` | person_ref | text |  | **A person: replaced by a keyed hash while reading.** " in dictionary
    )


def test_channels_are_looked_at_and_their_secrets_kept(safercity: Safercity, sound: Sandbox) -> None:
    sound.given = {"alerts": {"urls": ["json://user:SECRET@127.0.0.1/TOKEN", "nonsense://SECRET", "slack:/SECRET"]}}
    found = wrong(safercity, sound)
    assert set(found) == {"channel nonsense", "channel slack"}
    ended = safercity(sound, "check")
    assert "ok\tchannel json\tits URL can be read; nothing was sent" in ended.out
    assert "SECRET" not in ended.out + ended.err
    assert "TOKEN" not in ended.out + ended.err
