"""Every rule there is, in words: those on rows, those on whole deliveries, and those on several sources."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from flows.contracts import (
    MALFORMED,
    MALFORMED_MESSAGE,
    UNKNOWN_COLUMN,
    UNKNOWN_COLUMN_MESSAGE,
    Contract,
    Dimension,
    Rule,
    Severity,
)
from flows.cross_source import rules_beyond_rows


@dataclass(frozen=True)
class RuleInWords:
    """What there is to say of a rule. `source` is None for those of every source; `becomes`: of the row that fails."""

    source: str | None
    code: str
    severity: Severity
    dimension: Dimension
    message: str
    owner: str
    becomes: str


_BEYOND_ROWS = {
    "history": "no row is touched: the delivery is held against those before it",
    "cross-source": "no row is touched: several deliveries or sources are held against each other",
}


def every_rule(contracts: Mapping[str, Contract]) -> Iterator[RuleInWords]:
    """First the rules of every source, then those of each: on rows, on deliveries, on several sources."""
    owner = "that of the source"
    yield RuleInWords(
        None, MALFORMED, "critical", "validity", MALFORMED_MESSAGE, owner, "quarantined, without its text"
    )
    yield RuleInWords(
        None, UNKNOWN_COLUMN, "warning", "consistency", UNKNOWN_COLUMN_MESSAGE, owner, "loaded without it"
    )
    beyond_rows = list(rules_beyond_rows(contracts))
    for name, contract in contracts.items():
        for rule in contract.all_rules:
            owner, becomes = contract.rule_owner(rule), _becomes(contract, rule)
            yield RuleInWords(name, rule.code, rule.severity, rule.dimension, rule.message, owner, becomes)
        for each in beyond_rows:
            if each.source == name:
                becomes = _BEYOND_ROWS[each.scope]
                yield RuleInWords(name, each.code, each.severity, each.dimension, each.message, each.owner, becomes)


def _becomes(contract: Contract, rule: Rule) -> str:
    """What becomes of a row that fails a rule."""
    if rule.severity == "critical":
        return "quarantined"
    as_given = {column.as_given: column.name for column in contract.loaded_columns if column.as_given}
    unread = [as_given[rule.kwargs["column"]]] if rule.kwargs.get("column") in as_given else []
    nulls = [f"`{name}`" for name in (*rule.nulls, *unread)]
    return f"loaded, {' and '.join(nulls)} NULL" if nulls else "loaded as it is"
