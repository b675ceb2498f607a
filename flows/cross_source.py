"""Rules that no single delivery can break, and every rule there is beside those of rows.

`expectations/cross_source/rules.yml` says what each cross-source rule means and which source must act. What it compares
is SQL, in the dbt model `int_cross_source__results`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from flows.contracts import CONTRACTS_DIR, Contract, Dimension, Identifier, RuleCode, Sentence, Severity
from flows.errors import UsageError

RULES_FILE = CONTRACTS_DIR / "cross_source" / "rules.yml"


class CrossSourceRule(BaseModel):
    """One rule over several deliveries or sources; `source` is the one whose owner must act. Never critical."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: RuleCode
    source: Identifier
    severity: Literal["warning", "info"]
    dimension: Dimension
    message: Sentence
    owner: str | None = None


@dataclass(frozen=True)
class ListedRule:
    """What there is to say of a rule in a list. `scope`: what it looks at."""

    source: str
    code: str
    scope: Literal["history", "cross-source"]
    severity: Severity
    dimension: Dimension
    message: str
    owner: str


def load_cross_source_rules(path: Path = RULES_FILE) -> tuple[CrossSourceRule, ...]:
    """The rules of one YAML file, in its order.

    Raises UsageError when the file is no sound list of them, or gives a code twice.
    """
    try:
        rules = TypeAdapter(tuple[CrossSourceRule, ...]).validate_python(
            yaml.safe_load(path.read_text(encoding="utf-8"))
        )
    except (yaml.YAMLError, ValidationError) as error:
        raise UsageError(f"{path.name} is no sound list of cross-source rules: {error}") from None
    codes = [rule.code for rule in rules]
    if len(set(codes)) != len(codes):
        raise UsageError(f"{path.name}: a rule code is given twice")
    return rules


def rules_beyond_rows(contracts: Mapping[str, Contract]) -> Iterator[ListedRule]:
    """Every rule that is not in a contract's `all_rules`: those of history by source, then the cross-source rules.

    Raises UsageError for a cross-source rule whose source has no contract.
    """
    for contract in contracts.values():
        for rule in contract.history:
            yield ListedRule(
                contract.source,
                rule.code,
                "history",
                rule.severity,
                rule.dimension,
                rule.message,
                contract.rule_owner(rule),
            )
    for rule in load_cross_source_rules():
        if rule.source not in contracts:
            raise UsageError(f"{RULES_FILE.name}: {rule.code} names the source {rule.source!r}, which has no contract")
        yield ListedRule(
            rule.source,
            rule.code,
            "cross-source",
            rule.severity,
            rule.dimension,
            rule.message,
            rule.owner or contracts[rule.source].owner,
        )
