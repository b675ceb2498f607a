"""Rules of history and across sources: what is refused of them, and what is said where they are listed."""

from pathlib import Path
from typing import Any

import pytest

from flows.contracts import Contract, HistoryRule, load_contracts
from flows.cross_source import load_cross_source_rules, rules_beyond_rows
from flows.errors import UsageError
from tests.faults.things import CONTRACT

SOUND = {"code": "EXTRA", "severity": "info", "dimension": "validity", "message": "One more rule of history"}


def contract(**changes: Any) -> Contract:
    """The contract of things with one rule of history, changed."""
    return Contract.model_validate(CONTRACT | {"history": [SOUND | {"kind": "volume"} | changes]})


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"severity": "critical"}, "severity"),
        ({"column": "status"}, "volume counts rows"),
        ({"kind": "share_jumps"}, "needs a `column` or a `value`"),
        ({"kind": "share_jumps", "column": "status", "value": "count > 1"}, "needs a `column` or a `value`"),
        ({"kind": "category_vanishes", "value": "count > 1"}, "categories are the values of a `column`"),
        ({"kind": "share_outside", "value": "count > 1"}, "are the limits of share_outside"),
        ({"kind": "share_outside", "column": "status", "most_pct": 5}, "the condition whose share it limits"),
        ({"most_pct": 5}, "are the limits of share_outside"),
        ({"kind": "category_vanishes", "column": "person_name"}, "'person_name', which is not loaded"),
        ({"kind": "category_vanishes", "column": "note"}, "no rule lists its values"),
        ({"code": "STATUS_UNKNOWN"}, "a rule code is given twice"),
    ],
)
def test_what_is_refused(changes: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        contract(**changes)


def test_a_confidential_source_has_no_rule_of_history() -> None:
    with pytest.raises(ValueError, match="this source is confidential"):
        Contract.model_validate(CONTRACT | {"confidential": True, "history": [SOUND | {"kind": "volume"}]})


def test_it_counts_a_column_under_its_name_and_a_condition_under_its_own() -> None:
    flag = contract(kind="share_jumps", column="is_open").history[0]
    assert (flag.measure, flag.deliveries_before) == ("is_open", 24)
    listed = contract(kind="category_appears", column="status").history[0]
    assert (listed.measure, listed.deliveries_before) == ("status", 6)
    condition = HistoryRule.model_validate(SOUND | {"kind": "share_jumps", "value": "count > 1", "before": 12})
    assert (condition.measure, condition.deliveries_before) == ("extra", 12)
    assert contract().history[0].measure is None


def test_a_rule_of_history_changes_the_fingerprint() -> None:
    assert contract().fingerprint != contract(points=5).fingerprint


def test_every_rule_beyond_rows_is_listed_with_its_owner() -> None:
    contracts = load_contracts()
    listed = {(rule.source, rule.code): rule for rule in rules_beyond_rows(contracts)}
    assert len(listed) == sum(len(each.history) for each in contracts.values()) + len(load_cross_source_rules())
    assert listed["crimes", "RECORDED_LATE_SHARE"].owner == contracts["crimes"].owner
    assert listed["crimes", "RECORDED_LATE_SHARE"].scope == "history"
    assert listed["enforcement_actions", "CPN_NEVER_WARNED"].scope == "cross-source"
    assert {rule.severity for rule in listed.values()} == {"warning", "info"}
    assert [rule for rule in listed.values() if not rule.owner] == []


def test_a_file_that_is_no_list_of_cross_source_rules_is_refused(tmp_path: Path) -> None:
    rule = "- {code: A, source: crimes, severity: info, dimension: accuracy, message: Some message of it}\n"
    for content, why in ((rule + rule, "given twice"), (rule.replace("info", "critical"), "severity")):
        path = tmp_path / "rules.yml"
        path.write_text(content, encoding="utf-8")
        with pytest.raises(UsageError, match=why):
            load_cross_source_rules(path)
