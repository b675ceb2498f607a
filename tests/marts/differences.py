"""What the marts hold, row by row and column by column, against what the model says they must hold."""

import csv
import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from functools import cache
from typing import Any

import duckdb

from flows.stages.transform import DBT_DIR
from tests.model import asb, changes, police_uk
from tests.model.performance import Row
from tests.model.police_uk import THEMES
from tests.model.trends import trends

SHOWN = 20
"""So many differences are shown; there may be thousands with one cause."""

ROW_SHOWN = 200
"""So many characters are shown of a row that is missing or too many."""

FACT = ("force", "month", "crime_id")
RECORD = ("force", "crime_number")
INCIDENT = ("force", "incident_number")
MEASURE = ("record_source", "force", "measure", "month")
DETAIL = ("force", "measure", "month")
KEYS = {
    "deliveries": ("source", "force", "slice", "extract_date", "revision"),
    "coverage": ("source", "force", "month"),
    "street_crimes": FACT,
    "street_crime_versions": (*FACT, "known_from"),
    "crimes": RECORD,
    "crime_versions": (*RECORD, "known_from"),
    "asb_incidents": INCIDENT,
    "asb_incident_versions": (*INCIDENT, "known_from"),
    "enforcement_actions": ("force", "action_number"),
    "engagement_activities": ("force", "activity_ref"),
    "licensing_activities": ("force", "activity_ref"),
    "public_order_events": ("force", "event_ref"),
    "roads_notices": ("force", "notice_number"),
    "support_bus_attendances": ("force", "attendance_ref"),
    "vehicle_checks": ("force", "check_ref"),
    "restatements": (*MEASURE, "extract_date"),
    "acquisitive_methods": ("force", "month", "method"),
    "acquisitive_operations": ("force", "month", "operation"),
    "recording_timeliness": ("force", "month"),
    "asb_trend": ("record_source", "force", "measure", "window_months"),
    "asb_enforcement_by_hub": ("force", "programme", "hub_number", "hub_month"),
    "asb_enforcement_monthly": ("force", "programme", "month", "stage", "instrument"),
    "public_order_protests": ("force", "month", "event_type"),
    "prevent_activity": ("force", "month", "activity_type", "organisation_type", "internal"),
    "prevent_referrals": ("force", "period_from", "breakdown", "value"),
    "roads_enforcement": ("force", "month", "notice_type", "offence"),
    "roads_checks": ("force", "month", "programme", "vehicle_class"),
    "community_engagement": ("force", "month", "programme", "activity_type"),
    "licensing": ("force", "month", "activity_type", "reason"),
    "licensing_linked": ("force", "month"),
    "mental_health_triage": ("force", "month"),
    "support_bus": ("force", "deployed_on"),
    "support_bus_contacts": ("force", "deployed_on", "need", "outcome"),
}
"""What tells the rows of a table apart for a reader; several rows may share it. So below."""

KEYS_AS_OF = {"violence_profile": ("force", "window_to")}
"""The same of tables that are also asked as of a date."""

KEYS_BY_THEME = {
    "performance": MEASURE,
    "hotspots": (*MEASURE, "place_type", "place"),
    "temporal": (*DETAIL, "weekday", "hour"),
    "untimed": DETAIL,
}
"""The same of tables that are also asked as of a date, and of which there is one for each theme."""

WITHOUT = {"performance": set[str](), "hotspots": {"all_crime"}, "temporal": {"all_crime"}, "untimed": {"all_crime"}}
"""Themes that have no such table."""

Model = police_uk.Model | changes.Model[Any] | asb.Linked

NOT_MODELLED = {"deliveries": {"content_hash", "loaded_at", "reason_code", "reason"}}


def differences(
    connection: duckdb.DuckDBPyConnection,
    models: Sequence[Model],
    as_of_dates: Iterable[date],
) -> list[str]:
    """The differences between the release attached as `safer_city` and the models of its sources, a line each.

    A line names table, row, column, and what was expected and got. Floating-point numbers may differ by one part in
    a thousand million.
    """
    found: list[str] = []
    for table, key in KEYS.items():
        found += _in_table(table, key, _expected(models, table), _rows(connection, table))
    for as_of in (None, *as_of_dates):
        call = f"_as_of(date '{as_of}')" if as_of else ""
        for table, key in KEYS_AS_OF.items():
            found += _in_table(table + call, key, _expected(models, table, as_of), _rows(connection, table + call))
        for kind, key in KEYS_BY_THEME.items():
            for theme in THEMES.keys() - WITHOUT[kind]:
                table = f"{theme}_{kind}{call}"
                found += _in_table(table, key, _expected(models, kind, theme, as_of), _rows(connection, table))
    more = len(found) - SHOWN
    return found[:SHOWN] + ([f"… and {more} more"] if more > 0 else [])


def _expected(models: Iterable[Model], table: str, *asked: object) -> list[Row]:
    """The rows of all models that know the table."""
    if table == "asb_trend":
        return trends(_expected(models, "performance", "asb"))
    rows = [row for model in models if hasattr(model, table) for row in getattr(model, table)(*asked)]
    if table == "performance":
        labels = _measure_labels()
        return [{**row, "measure_label": labels[row["measure"]]} for row in rows]
    return rows


def _rows(connection: duckdb.DuckDBPyConnection, table: str) -> list[Row]:
    result = connection.execute(f"from safer_city.marts.{table}")
    names = [column[0] for column in result.description or ()]
    hidden = NOT_MODELLED.get(table, set())
    return [
        {name: value for name, value in zip(names, row, strict=True) if name not in hidden} for row in result.fetchall()
    ]


@cache
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
        for model_row, held_row in zip(wanted, held, strict=True):
            wanted_row = _disclosed(model_row, held_row) if "disclosure" in held_row else model_row
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
        if len(same_key) > 1:
            same_key.sort(key=lambda row: repr(sorted(row.items())))
    return grouped


def _disclosed(counted: Row, held: Row) -> Row:
    """The row as a release may tell it: which counts from 5 on and zeros are withheld is for the warehouse to choose.

    As a last resort a count from 1 to 4 may be withheld under the other name.
    """
    match counted["referrals"]:
        case None:
            allowed = ("not_available",)
        case 0:
            allowed = ("zero", "suppressed_secondary")
        case number if number < 5:
            allowed = ("suppressed_primary", "suppressed_secondary")
        case _:
            allowed = ("published", "suppressed_secondary")
    disclosure = held["disclosure"] if held["disclosure"] in allowed else allowed[0]
    referrals = counted["referrals"] if disclosure in {"published", "zero"} else None
    return {**counted, "referrals": referrals, "disclosure": disclosure}


def _is_same(expected: Any, got: Any) -> bool:
    if isinstance(expected, float) and isinstance(got, float):
        return math.isclose(expected, got, rel_tol=1e-9, abs_tol=1e-9)
    return type(expected) is type(got) and expected == got
