"""A small release made by hand, of which every figure on the quality page can be worked out, and pages made of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

import duckdb

from flows.freshness import Freshness
from flows.held import Held, Quarantine
from flows.releases import Release
from flows.report import quality
from flows.settings import Paths

CITY, KENT = "City of London Police", "Kent Police"
REGISTRAR, STEWARD, COORDINATOR = "Force crime registrar", "Open data steward", "Prevent coordinator"
BEGAN = datetime(2019, 9, 11, 8, 0, 1)
RUN = "20190911T080001Z-0001"

_TABLES = """
create schema marts;
create table marts.dim_source (source text, title text, owner text);
create table marts.data_quality (
  source text, force text, slice text, file text, extract_date date, run text, rule text, severity text,
  dimension text, message text, owner text, rows_checked bigint, rows_failed bigint
);
create table marts.coverage (source text, force text, month date, state text);
create table marts.deliveries (
  source text, force text, slice text, file_name text, extract_date date, loaded_at timestamp, received bigint,
  accepted bigint, quarantined bigint, rejected bigint, state text, reason text
);
"""

SOURCES = [
    ("crimes", "Crimes of the force", REGISTRAR),
    ("police_uk_street", "Street crime", STEWARD),
    ("prevent_referrals", "Prevent referrals", COORDINATOR),
]

# The twelve months end on 10 September 2019: the extract of 10 September 2018 is just outside.
CHECKS = [
    ("crimes", CITY, date(2018, 9, 10), "KEY_REPEATED", "critical", "uniqueness", 500, 5),
    ("crimes", CITY, date(2019, 8, 7), "KEY_REPEATED", "critical", "uniqueness", 1000, 1),
    ("crimes", CITY, date(2019, 9, 10), "KEY_REPEATED", "critical", "uniqueness", 2000, 0),
    ("crimes", CITY, date(2019, 8, 7), "WARD_UNKNOWN", "warning", "validity", 1000, 40),
    ("crimes", CITY, date(2019, 9, 10), "WARD_UNKNOWN", "warning", "validity", 2000, 20),
    ("crimes", CITY, date(2019, 9, 10), "STATUS_MISSING", "critical", "completeness", 3000, 0),
    ("police_uk_street", CITY, date(2019, 8, 31), "CRIME_TYPE_FROM_2013_05", "critical", "validity", 30_000, 1),
    ("police_uk_street", KENT, date(2019, 8, 31), "CRIME_TYPE_FROM_2013_05", "critical", "validity", 40_000, 2),
    ("prevent_referrals", CITY, date(2019, 9, 10), "SECTOR_UNKNOWN", "critical", "validity", None, None),
]

COVERAGE = [
    *[("crimes", CITY, date(2019, month, 1), "partial" if month == 6 else "complete") for month in range(4, 9)],
    *[("police_uk_street", CITY, date(2019, month, 1), "complete") for month in range(4, 8)],
    *[
        ("police_uk_street", KENT, date(2019, month, 1), "missing" if month == 5 else "complete")
        for month in range(4, 8)
    ],
    ("prevent_referrals", CITY, date(2019, 8, 1), "complete"),
]

EARLIER = datetime(2019, 8, 8, 6, 15)
DELIVERIES = [
    ("crimes", CITY, None, "crimes_2018-09-10.csv", date(2018, 9, 10), EARLIER, 500, 495, 5, 0, "loaded", None),
    ("crimes", KENT, None, "crimes_2019-06-07.csv", date(2019, 6, 7), EARLIER, None, 0, 0, None, "rejected", "empty"),
    ("crimes", CITY, None, "crimes_2019-07-07.csv", date(2019, 7, 7), EARLIER, 9, 0, 0, 9, "rejected", "too many"),
    ("crimes", CITY, None, "crimes_2019-07-07_r2.csv", date(2019, 7, 7), EARLIER, 9, 9, 0, 0, "loaded", None),
    ("crimes", CITY, None, "crimes_2019-08-07.csv", date(2019, 8, 7), EARLIER, 1000, 999, 1, 0, "loaded", None),
    ("crimes", CITY, None, "crimes_2019-09-10.csv", date(2019, 9, 10), BEGAN, 3000, 2998, 2, 0, "loaded", None),
    (
        "police_uk_street",
        None,
        "2019-05",
        '2019-05-<b>"kent"-street.csv',
        date(2019, 7, 31),
        BEGAN,
        None,
        0,
        0,
        None,
        "rejected",
        "no header",
    ),
    (
        "prevent_referrals",
        CITY,
        None,
        "prevent_referrals_2019-09-10.csv",
        date(2019, 9, 10),
        BEGAN,
        None,
        None,
        None,
        None,
        "loaded",
        None,
    ),
]

QUARANTINE = Quarantine(
    [
        Held(REGISTRAR, "crimes", (1, 0, 2, 5), date(2018, 9, 11), date(2018, 9, 10)),
        Held(STEWARD, "police_uk_street", (1200, 0, 0, 0), date(2019, 9, 11), date(2019, 8, 31)),
    ],
    (1201, 0, 2, 4),
)

FRESH = [
    Freshness(
        "crimes",
        CITY,
        REGISTRAR,
        "on_time",
        "September 2019 is due by the end of 8 October 2019",
        date(2019, 9, 10),
        date(2019, 9, 30),
        date(2019, 10, 8),
        date(2019, 10, 9),
        date(2019, 10, 15),
    ),
    *[
        Freshness(
            "police_uk_street",
            force,
            STEWARD,
            "late",
            "June 2019 was due by the end of 30 August 2019 and is 8 working days late;"
            " the newest extract is of 31 August 2019",
            date(2019, 8, 31),
            date(2019, 6, 30),
            date(2019, 8, 30),
            date(2019, 9, 10),
            date(2019, 10, 10),
            8,
        )
        for force in (CITY, KENT)
    ],
    Freshness("triage_contacts", None, "Mental health liaison lead", "awaited", "has never delivered"),
]


def make_release(
    paths: Paths,
    checks: Sequence[tuple[object, ...]] = CHECKS,
    coverage: Sequence[tuple[object, ...]] = COVERAGE,
    deliveries: Sequence[tuple[object, ...]] = DELIVERIES,
    release_id: str = RUN,
) -> Release:
    """Write a release file with the tables that the page reads; returns its manifest."""
    folder = paths.releases / release_id
    folder.mkdir(parents=True)
    with duckdb.connect(str(folder / "safer_city.duckdb")) as connection:
        connection.execute(_TABLES)
        _insert(connection, "dim_source", SOURCES)
        rows = [
            (
                source,
                force,
                None,
                f"{source}_{day}",
                day,
                RUN,
                rule,
                severity,
                dimension,
                f"{rule} in words",
                "",
                *counts,
            )
            for source, force, day, rule, severity, dimension, *counts in checks
        ]
        _insert(connection, "data_quality", [(*row[:10], _owner(row[0]), *row[11:]) for row in rows])
        _insert(connection, "coverage", coverage)
        _insert(connection, "deliveries", deliveries)
    return Release(release_id, "2019-09-11T08:01:02", "0.1.0+abcdef12", "OFFICIAL", {}, "", "")


def write_page(
    folder: Path, release: Release | None = None, quarantine: Quarantine = QUARANTINE, run_id: str = RUN
) -> Path:
    """The page of the small release, in a data folder of its own."""
    paths = Paths(folder)
    release = release or make_release(paths)
    told = quality.Told(run_id, BEGAN, {"extract": 4.75, "marts": 23.0})
    return quality.write(paths, release, told, quarantine, FRESH)


def _owner(source: object) -> str:
    return next(owner for name, _, owner in SOURCES if name == source)


def _insert(connection: duckdb.DuckDBPyConnection, table: str, rows: Sequence[tuple[object, ...]]) -> None:
    if rows:
        marks = ", ".join("?" * len(rows[0]))
        connection.executemany(f"insert into marts.{table} values ({marks})", rows)
