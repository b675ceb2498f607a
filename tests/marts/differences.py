"""What the marts hold, row by row and column by column, against what the model says they must hold."""

import csv
import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import duckdb

from flows.stages.transform import DBT_DIR
from tests.model.performance import Row
from tests.model.police_uk import THEMES, Model

SHOWN = 20
"""So many differences are shown; there may be thousands with one cause."""

ROW_SHOWN = 200
"""So many characters are shown of a row that is missing or too many."""

FACT = ("force", "month", "crime_id")
MEASURE = ("record_source", "force", "measure", "month")
KEYS = {
    "deliveries": ("force", "slice", "extract_date"),
    "coverage": ("source", "force", "month"),
    "street_crimes": FACT,
    "street_crime_versions": (*FACT, "known_from"),
    "restatements": (*MEASURE, "extract_date"),
    "performance": MEASURE,
}
"""What tells the rows of a table apart for a reader; several rows may share it."""

NOT_MODELLED = {"deliveries": {"content_hash", "loaded_at", "reason_code", "reason"}}


def differences(connection: duckdb.DuckDBPyConnection, model: Model, as_of_dates: Iterable[date]) -> list[str]:
    """The differences between the release attached as `safer_city` and the model, a line each.

    A line names table, row, column, and what was expected and got. Floating-point numbers may differ by one part in
    a thousand million.
    """
    found: list[str] = []
    for table in ("deliveries", "coverage", "street_crimes", "street_crime_versions", "restatements"):
        found += _in_table(table, KEYS[table], getattr(model, table)(), _rows(connection, table))
    labels = _measure_labels()
    for theme in THEMES:
        for as_of in (None, *as_of_dates):
            table = f"{theme}_performance" + (f"_as_of(date '{as_of}')" if as_of else "")
            expected = [{**row, "measure_label": labels[row["measure"]]} for row in model.performance(theme, as_of)]
            found += _in_table(table, KEYS["performance"], expected, _rows(connection, table))
    more = len(found) - SHOWN
    return found[:SHOWN] + ([f"… and {more} more"] if more > 0 else [])


def _rows(connection: duckdb.DuckDBPyConnection, table: str) -> list[Row]:
    result = connection.execute(f"from safer_city.marts.{table}")
    names = [column[0] for column in result.description or ()]
    hidden = NOT_MODELLED.get(table, set())
    return [
        {name: value for name, value in zip(names, row, strict=True) if name not in hidden} for row in result.fetchall()
    ]


def _measure_labels() -> dict[str, str]:
    with (DBT_DIR / "seeds" / "measures.csv").open(encoding="utf-8", newline="") as seed:
        return {row["measure"]: row["label"] for row in csv.DictReader(seed)}


def _in_table(table: str, key: Sequence[str], expected: list[Row], got: list[Row]) -> list[str]:
    lines: list[str] = []
    expected_by_key, got_by_key = _by_key(expected, key), _by_key(got, key)
    for values in sorted({*expected_by_key, *got_by_key}, key=repr):
        wanted, held = expected_by_key[values], got_by_key[values]
        where = f"{table}, {', '.join(str(value) for value in values)}"
        if len(wanted) != len(held):
            lines.append(f"{where}: expected {len(wanted)} rows, got {len(held)}: {str(wanted or held)[:ROW_SHOWN]}")
            continue
        for wanted_row, held_row in zip(wanted, held, strict=True):
            lines += [
                f"{where}: {column}: expected {wanted_row.get(column, 'no such column')!r},"
                f" got {held_row.get(column, 'no such column')!r}"
                for column in {**wanted_row, **held_row}
                if column not in wanted_row
                or column not in held_row
                or not _is_same(wanted_row[column], held_row[column])
            ]
    return lines


def _by_key(rows: Iterable[Row], key: Sequence[str]) -> defaultdict[tuple[Any, ...], list[Row]]:
    """The rows under each key; several of them in an order of their own, so that equal ones meet."""
    grouped: defaultdict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in rows:
        grouped[tuple(row[column] for column in key)].append(row)
    for same_key in grouped.values():
        same_key.sort(key=lambda row: repr(sorted(row.items())))
    return grouped


def _is_same(expected: Any, got: Any) -> bool:
    if isinstance(expected, float) and isinstance(got, float):
        return math.isclose(expected, got, rel_tol=1e-9, abs_tol=1e-9)
    return type(expected) is type(got) and expected == got
