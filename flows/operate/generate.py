"""Files that are generated from the contracts, so that a column is described in one place.

`safercity check --write` writes them; a test fails when what is written is not what the contracts say.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from flows.contracts import Contract
from flows.cross_source import rules_beyond_rows
from flows.rules import RuleInWords, every_rule
from flows.settings import PROJECT_DIR

_NOTE = "# Generated from expectations/ by `safercity check --write`: change the contract, not this file.\n"


def generated_files(contracts: dict[str, Contract]) -> dict[Path, str]:
    """Path → content of every generated file: what dbt is told of the sources, the dictionary of deliveries, the rules.

    Raises UsageError where a contract does not say what the states of its records are made by.
    """
    systems: dict[str, list[Contract]] = {}
    for contract in contracts.values():
        systems.setdefault(contract.system, []).append(contract)
    files = {
        PROJECT_DIR / f"dbt_project/models/staging/{system}/_{system}__sources.yml": _dbt_sources(members)
        for system, members in systems.items()
    }
    files[PROJECT_DIR / "dbt_project/macros/record_sources.sql"] = _record_sources(contracts)
    files[PROJECT_DIR / "dbt_project/macros/quality_rules.sql"] = _quality_rules(contracts)
    files[PROJECT_DIR / "docs/deliveries.md"] = _dictionary(contracts)
    files[PROJECT_DIR / "docs/rules.md"] = _rules(contracts)
    return files


def out_of_date(contracts: dict[str, Contract]) -> list[Path]:
    """The generated files that do not say what the contracts say."""
    return [
        path
        for path, content in generated_files(contracts).items()
        if not path.exists() or path.read_text(encoding="utf-8") != content
    ]


def write(contracts: dict[str, Contract]) -> list[Path]:
    """Write the generated files that are out of date; returns them."""
    stale = out_of_date(contracts)
    content = generated_files(contracts)
    for path in stale:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content[path], encoding="utf-8")
    return stale


def _dbt_sources(contracts: list[Contract]) -> str:
    tables: list[dict[str, Any]] = []
    for contract in contracts:
        columns: list[dict[str, Any]] = [
            {"name": "delivery_id", "description": "Delivery that the row came with, see the ledger."},
            {"name": "record_no", "description": "Number of the record in its file; the header is 1."},
        ]
        columns += [{"name": column.name, "description": column.description} for column in contract.loaded_columns]
        tables.append({"name": contract.source, "description": contract.description, "columns": columns})
    sources = {
        "version": 2,
        "sources": [
            {
                "name": contracts[0].system,
                "description": f"Accepted rows of the sources of {contracts[0].system}, typed by their contracts.",
                "schema": "raw",
                "tables": tables,
            }
        ],
    }
    return _NOTE + "\n" + yaml.safe_dump(sources, sort_keys=False, width=116, allow_unicode=True)


def _record_sources(contracts: dict[str, Contract]) -> str:
    """A macro that tells dbt of the sources of changes: all that their states are made by."""
    for contract in contracts.values():
        contract.check_states()
    told = [
        {
            "source": contract.source,
            "system": contract.system,
            "key": contract.key[0],
            "counted_by": contract.counted_by,
            "confidential": contract.confidential,
            "columns": [column.name for column in contract.loaded_columns],
            "values": _accepted_values(contract),
        }
        for contract in contracts.values()
        if contract.delivery.kind == "changes"
    ]
    return (
        "{#- Generated from expectations/ by `safercity check --write`: change the contract, not this file. -#}\n"
        "{% macro record_sources() -%}\n"
        f"  {{{{ return({json.dumps(told, indent=2)}) }}}}\n"
        "{%- endmacro %}\n"
    )


def _quality_rules(contracts: dict[str, Contract]) -> str:
    """Macros that tell dbt of the rules that look at whole deliveries and at several sources."""
    listed = list(rules_beyond_rows(contracts))
    history = [
        {
            "source": contract.source,
            "system": contract.system,
            "is_open_data": contract.record_source == "police_uk",
            **rule.model_dump(exclude={"before", "owner", "message", "severity", "dimension", "code"}),
            "measure": rule.measure,
            "before": rule.deliveries_before,
            "values": contract.values_of(rule.column) if rule.column else (),
            "code": rule.code,
        }
        for contract in contracts.values()
        for rule in contract.history
    ]
    said = {
        f"{rule.source}.{rule.code}": {
            "severity": rule.severity,
            "dimension": rule.dimension,
            "message": rule.message,
            "owner": rule.owner,
        }
        for rule in listed
    }
    history = [rule | said[f"{rule['source']}.{rule['code']}"] for rule in history]
    cross = [
        {"source": rule.source, "code": rule.code, **said[f"{rule.source}.{rule.code}"]}
        for rule in listed
        if rule.scope == "cross-source"
    ]
    return "\n".join(
        [
            "{#- Generated from expectations/ by `safercity check --write`: change the contract, not this file. -#}",
            "{% macro history_rules() -%}",
            f"  {{{{ return({_jinja(history)}) }}}}",
            "{%- endmacro %}",
            "",
            "{% macro cross_source_rules() -%}",
            f"  {{{{ return({_jinja(cross)}) }}}}",
            "{%- endmacro %}",
            "",
        ]
    )


def _jinja(told: object) -> str:
    """A value as Jinja reads it: JSON, but for what is null."""
    return json.dumps(told, indent=2, ensure_ascii=False).replace(": null", ": none")


def _accepted_values(contract: Contract) -> dict[str, list[str]]:
    """Column → the only values that it has: those of a critical rule, in its order."""
    return {
        rule.kwargs["column"]: rule.kwargs["value_set"]
        for rule in contract.rules
        if rule.expectation == "expect_column_values_to_be_in_set" and rule.severity == "critical" and not rule.when
    }


def _dictionary(contracts: dict[str, Contract]) -> str:
    lines = [
        "<!-- Generated from expectations/ by `safercity check --write`: change the contract, not this file. -->",
        "",
        "# What arrives: sources and columns",
        "",
    ]
    for contract in contracts.values():
        lines += [
            f"## {contract.source}",
            "",
            f"**{contract.title}.** {contract.description}",
            "",
            f"Owner: {contract.owner}. Due: {contract.due_in_words}. Kind: {contract.delivery.kind}.",
            "",
            "| column | header | type | required | meaning |",
            "|---|---|---|---|---|",
        ]
        for column in contract.columns:
            header = ", ".join(column.headers) or column.name
            required = "yes" if column.required else ""
            meaning = "**Personal: dropped while reading.** " if column.personal else ""
            meaning += "**A person: replaced by a keyed hash while reading.** " if column.pseudonymised else ""
            lines.append(f"| `{column.name}` | {header} | {column.type} | {required} | {meaning}{column.description} |")
        lines += ["", f"Its rules are in [rules.md](rules.md#{contract.source}).", ""]
    return "\n".join(lines)


_RULES_HEAD = """\
<!-- Generated from expectations/ by `safercity check --write`: change the contract, not this file. -->

# The rules of every source

A rule on rows is judged on each row that arrives, by what stands in the row and in its file: never by another file, so
that the order in which files come changes nothing. Rules on a whole delivery, and on several sources, are judged when
the release is built, over all deliveries there are, and never keep a row out. What failed is in `marts.data_quality`.

What becomes of a row that fails goes by the severity of the rule:

* **critical**: it is quarantined, kept with the codes of its rules, and not loaded. The rest of its file loads, unless
  more of it is quarantined than its contract allows: then the file is rejected. What was known of its record goes on.
* **warning**: it loads. Something is wrong that the owner corrects at the source; a later file brings the row anew.
* **info**: it loads. Nothing need be wrong: the count shows how good the data is, and that something has changed.

The dimensions are those of the Government Data Quality Framework:

| dimension | it asks |
|---|---|
| completeness | Is what should be known there? |
| uniqueness | Is each thing there once? |
| consistency | Does it agree with the rest of its row, its file and the reference data? |
| timeliness | Was it recorded as soon as it should have been? |
| validity | Has it the form, and a value, that it may have? |
| accuracy | Can it be true? |

**To change a rule**, change it in `expectations/<source>.yml`, where it is an expectation of Great Expectations or a
condition in SQL that a failing row meets; those of types, required columns, lists in reference data and keys are made
from the columns there. Give it in `tests/rules/<source>.yml` a row that it fails on and the nearest one that it must
let pass: without both a test fails. Then `safercity check --write` writes this page. What was loaded before a change
stays as it was judged.
"""

_RULES_TABLE = [
    "| code | severity | dimension | what a failure means | owner | what becomes of the row |",
    "|---|---|---|---|---|---|",
]


def _rules(contracts: dict[str, Contract]) -> str:
    """Every rule on a line of its own, by source."""
    listed = list(every_rule(contracts))
    lines = [_RULES_HEAD, "## Every source", "", *_RULES_TABLE, *_rule_lines(listed, None), ""]
    for contract in contracts.values():
        lines += [f"## {contract.source}", "", f"{contract.title}. Owner: {contract.owner}.", "", *_RULES_TABLE]
        lines += [*_rule_lines(listed, contract.source), ""]
    return "\n".join(lines)


def _rule_lines(listed: list[RuleInWords], source: str | None) -> list[str]:
    return [
        f"| `{rule.code}` | {rule.severity} | {rule.dimension} | {rule.message} | {rule.owner} | {rule.becomes} |"
        for rule in listed
        if rule.source == source
    ]
