"""For each rule of history deliveries that it passes and deliveries that it fails, by hand.

A world is a series of deliveries of one force: those before, all much alike, and the one that is judged.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import duckdb

from flows import ledger, warehouse
from flows.contracts import Contract, load_contracts
from tests.model.months import months_later

FORCE = "Sample Constabulary"
FIRST = date(2016, 1, 31)

Rows = dict[str, int]
"""Columns of a row in SQL, such as `'open' as status` → so many rows like it."""

ONE_VOLUME, OTHER_VOLUME = {"": 100}, {"": 110}


EXPECTED = "were to be expected from the 10 deliveries before it"


@dataclass(frozen=True)
class World:
    """What comes before, in turn and again until there are ten; what passes after it, and what fails, and is said."""

    before: tuple[Rows, ...]
    passes: Rows
    fails: Rows
    said: str


def categories(column: str, **counts: int) -> Rows:
    """So many rows of each value; _ stands for a space."""
    return {f"'{value.replace('_', ' ')}' as {column}": count for value, count in counts.items()}


VOLUME = World(
    (ONE_VOLUME, OTHER_VOLUME), {"": 130}, {"": 140}, "140 rows; {} were to be expected from the {} before it"
)
"""The mean is 105, the mean move 10: 78.4 to 131.6."""

WORLDS: dict[tuple[str, str], World] = {
    ("police_uk_street", "CATEGORY_VANISHED"): World(
        (categories("crime_type", Burglary=80, Robbery=10), categories("crime_type", Burglary=90, Robbery=10)),
        passes=categories("crime_type", Burglary=89, Robbery=1),
        fails=categories("crime_type", Burglary=90),
        said="Robbery has no row, and had 60 in the 6 deliveries before it",
    ),
    ("police_uk_street", "CATEGORY_APPEARED"): World(
        (categories("crime_type", Burglary=80),),
        passes=categories("crime_type", Burglary=80, Drugs=4),
        fails=categories("crime_type", Burglary=80, Drugs=5),
        said="Drugs has 5 rows, and had none in the 6 deliveries before it",
    ),
    ("police_uk_street", "CATEGORY_SHARE_JUMPED"): World(
        (categories("crime_type", Burglary=80, Robbery=20), categories("crime_type", Burglary=82, Robbery=18)),
        passes=categories("crime_type", Burglary=72, Robbery=28),
        fails=categories("crime_type", Burglary=81, Robbery=19, Drugs=50),
        said=f"Burglary: 54.0 % of the rows; 75.7 to 86.3 % {EXPECTED}; "
        f"Drugs: 33.3 % of the rows; 0.0 to 0.0 % {EXPECTED}",
    ),
    ("police_uk_street", "PLACE_SHARE_JUMPED"): World(
        ({"-0.1 as longitude": 100},),
        passes={"-0.1 as longitude": 96, "null as longitude": 4},
        fails={"-0.1 as longitude": 95, "null as longitude": 5},
        said=f"5.0 % of the rows; 0.0 to 0.0 % {EXPECTED}",
    ),
    ("crimes", "STATUS_SHARE_JUMPED"): World(
        (categories("status", recorded=95, cancelled=5),),
        passes=categories("status", recorded=86, cancelled=14),
        fails=categories("status", recorded=85, cancelled=15),
        said=f"A value of status: 15.0 % of the rows; 5.0 to 5.0 % {EXPECTED}; "
        f"A value of status: 85.0 % of the rows; 95.0 to 95.0 % {EXPECTED}",
    ),
    ("crimes", "WARD_SHARE_JUMPED"): World(
        (categories("ward", Tower=100),),
        passes={"'Tower' as ward": 96, "null as ward": 4},
        fails={"'Tower' as ward": 95, "null as ward": 5},
        said=f"5.0 % of the rows; 0.0 to 0.0 % {EXPECTED}",
    ),
    ("crimes", "RECORDED_LATE_SHARE"): World(
        (),
        passes={
            "timestamp '2016-01-02 10:00' as recorded_at, timestamp '2016-01-01 10:00' as reported_at": 90,
            "timestamp '2016-01-02 10:01' as recorded_at, timestamp '2016-01-01 10:00' as reported_at": 10,
            "timestamp '2016-01-02 10:01' as recorded_at, null as reported_at": 50,
        },
        fails={
            "timestamp '2016-01-02 10:00' as recorded_at, timestamp '2016-01-01 10:00' as reported_at": 89,
            "timestamp '2016-01-02 10:01' as recorded_at, timestamp '2016-01-01 10:00' as reported_at": 11,
        },
        said="89.0 % of 100 rows, and at least 90 % is the limit",
    ),
    ("crimes", "TIME_HEAPED"): World(
        (),
        passes={
            "timestamp '2016-01-02 00:00' as committed_from": 7,
            "timestamp '2016-01-02 12:00:30' as committed_from": 8,
            "timestamp '2016-01-02 12:30' as committed_from": 85,
        },
        fails={
            "timestamp '2016-01-02 00:00' as committed_from": 8,
            "timestamp '2016-01-02 12:00' as committed_from": 8,
            "timestamp '2016-01-02 11:00' as committed_from": 84,
            "null as committed_from": 100,
        },
        said="16.0 % of 100 rows, and at most 15 % is the limit",
    ),
    ("asb_incidents", "CATEGORY_VANISHED"): World(
        (categories("category", Noise=20, Other=80),),
        passes=categories("category", Noise=1, Other=99),
        fails=categories("category", Other=80, Racket=20),
        said="A value of category has no row, and had 120 in the 6 deliveries before it",
    ),
    ("asb_incidents", "CATEGORY_SHARE_JUMPED"): World(
        (categories("category", Noise=100),),
        passes=categories("category", Noise=86, Racket=14),
        fails=categories("category", Noise=85, Racket=10, Row=5),
        said=f"A value of category: 15.0 % of the rows; 0.0 to 0.0 % {EXPECTED};"
        f" A value of category: 85.0 % of the rows; 100.0 to 100.0 % {EXPECTED}",
    ),
}


def world_of(source: str, code: str) -> World | None:
    """The world of a rule; all rules of volume share one."""
    return VOLUME if code == "VOLUME_UNUSUAL" else WORLDS.get((source, code))


def deliver(connection: duckdb.DuckDBPyConnection, contract: Contract, series: list[Rows]) -> None:
    """Put deliveries into the ledger and the raw table of an attached, prepared database `warehouse`, in a row.

    A slice is a month; an extract is one of every ten days.
    """
    for number, rows in enumerate(series, start=1):
        if contract.delivery.kind == "slice":
            month = months_later(FIRST.replace(day=1), number)
            slice_, extract_date = f"'{month:%Y-%m}'", months_later(month, 2)
        else:
            slice_, extract_date = "null", FIRST + timedelta(days=10 * number)
        received = sum(rows.values())
        connection.execute(
            f"""
            insert into ledger.deliveries by name
            select {number} as delivery_id, '{contract.source}' as source, '{FORCE}' as force, {slice_} as slice,
              'file {number}' as file_name, '' as path, date '{extract_date}' as extract_date, 1 as revision,
              '' as contract, 'run' as run_id, timestamp '2020-01-01' as loaded_at, {received} as received,
              {received} as accepted, 0 as quarantined, 0 as rejected, 'accepted' as state
            """
        )
        for columns, count in rows.items():
            named = f", {columns}" if columns else ""
            connection.execute(
                f"insert into raw.{contract.source} by name"
                f" select {number} as delivery_id, row_number() over () + 1 as record_no{named} from range({count})"
            )


def prepare(connection: duckdb.DuckDBPyConnection) -> None:
    """An empty warehouse in memory, called `warehouse`, with the tables that hold what is received."""
    connection.execute("attach ':memory:' as warehouse; attach ':memory:' as safer_city; use warehouse")
    ledger.create(connection)
    for known in load_contracts().values():
        connection.execute(warehouse.raw_table_sql(known))


PASSES, FAILS = "Sound Constabulary", "Faulty Constabulary"
"""In the worlds of the cross-source rules: a force that passes all of them, and one that fails all of them."""

CROSS_SOURCE: dict[str, tuple[int, int, str]] = {
    "CRIMES_DIFFER_FROM_POLICE_UK": (
        2, 1, "1 of the last 2 months differ; in 2019-02 the force has 100 and data.police.uk 140"
    ),
    "ASB_DIFFERS_FROM_POLICE_UK": (
        2, 1, "1 of the last 2 months differ; in 2019-02 the force has 60 and data.police.uk 0"
    ),
    "CPN_NEVER_WARNED": (2, 1, "1 of 2 notices"),
    "CRIME_POSSIBLY_TWICE": (5, 2, "2 of 5 crimes with a time and a place"),
}  # fmt: skip
"""By rule, what the faulty force gives: looked at, failed, said."""


def two_forces(connection: duckdb.DuckDBPyConnection) -> None:
    """Two months of two forces, on a prepared `warehouse`.

    Crimes: 100 a month, and 140 on data.police.uk in the faulty force's second month; in the sound one's 100. 30 more
    that the force recorded after the publication are in no comparison. ASB: 60 a month, and none there in the second.
    Notices: one of two persons was never warned. Crimes with time and place: 5, of which two are alike in all but the
    number and recorded within 24 hours, or in the sound force a minute more.
    """
    for first, force in ((100, PASSES), (200, FAILS)):
        faulty = force == FAILS
        for number, (source, slice_, extract_date) in enumerate(
            [
                ("police_uk_street", "'2019-01'", "2019-03-31"),
                ("police_uk_street", "'2019-02'", "2019-04-30"),
                ("crimes", "null", "2019-03-07"),
                ("crimes", "null", "2019-06-07"),
                ("asb_incidents", "null", "2019-03-07"),
                ("enforcement_actions", "null", "2019-03-07"),
                ("enforcement_actions", "null", "2019-04-07"),
            ],
            start=first,
        ):
            connection.execute(
                f"""
                insert into ledger.deliveries by name
                select {number} as delivery_id, '{source}' as source, '{force}' as force, {slice_} as slice,
                  'file {number}' as file_name, '' as path, date '{extract_date}' as extract_date, 1 as revision,
                  '' as contract, 'run' as run_id, timestamp '2020-01-01' as loaded_at, 0 as received, 0 as accepted,
                  0 as quarantined, 0 as rejected, 'accepted' as state
                """
            )
        published = [(0, "01", "Burglary", 100), (0, "01", "Anti-social behaviour", 60)]
        published += [(1, "02", "Burglary", 140 if faulty else 100)]
        published += [] if faulty else [(1, "02", "Anti-social behaviour", 60)]
        for delivery, month, category, count in published:
            _rows(
                connection,
                "police_uk_street",
                first + delivery,
                count,
                f"sha256('{category}' || i) as crime_id, date '2019-{month}-01' as month, '{force}' as reported_by,"
                f" '{category}' as crime_type",
            )
        # Classified so that every one is counted; without a place they are no likely copies of one another.
        counted = "'recorded' as status, '46' as class_code, timestamp '2019-{}-10 09:00' as recorded_at"
        recorded = [(2, "a", "01", 95), (2, "b", "02", 100), (3, "c", "02", 30)]
        for delivery, letter, month, count in recorded:
            _rows(
                connection,
                "crimes",
                first + delivery,
                count,
                f"'{letter}' || i as crime_number, {counted.format(month)}",
            )
        minutes = 24 * 60 + (0 if faulty else 1)
        placed = "'recorded' as status, '46' as class_code, timestamp '2019-01-01 09:00' as committed_from"
        for name, recorded_at, street in (
            ("one", "timestamp '2019-01-02 09:00'", "High Street"),
            ("two", f"timestamp '2019-01-02 09:00' + interval {minutes} minute", "High Street"),
            ("far", "timestamp '2019-01-02 09:00'", "Low Street"),
            ("late", "timestamp '2019-01-20 09:00'", "Low Street"),
            ("lone", "timestamp '2019-01-02 09:00'", "Mill Street"),
        ):
            _rows(
                connection,
                "crimes",
                first + 2,
                1,
                f"'{name}' as crime_number, {placed}, {recorded_at} as recorded_at, '{street}' as street",
            )
        for month in ("01", "02"):
            _rows(
                connection,
                "asb_incidents",
                first + 4,
                60,
                f"'{month}' || i as incident_number, 'open' as status, 'Noise' as category,"
                f" timestamp '2019-{month}-10 09:00' as created_at",
            )
        # The warnings came with the extract before; the faulty force's second one is of the same day as the notice.
        for delivery, person, instrument, day in (
            (5, "p", "cpw", "2019-02-01"),
            (6, "p", "cpn", "2019-03-01"),
            (5, "q", "cpw", "2019-03-01" if faulty else "2019-02-28"),
            (6, "q", "cpn", "2019-03-01"),
        ):
            _rows(
                connection,
                "enforcement_actions",
                first + delivery,
                1,
                f"'{person}{instrument}' as action_number, 'other' as programme, '{person}' as person_ref,"
                f" 'yellow' as stage, '{instrument}' as instrument, date '{day}' as issued_on",
            )


def _rows(connection: duckdb.DuckDBPyConnection, source: str, delivery_id: int, count: int, columns: str) -> None:
    connection.execute(
        f"""
        insert into raw.{source} by name
        select
          {delivery_id} as delivery_id,
          (select coalesce(max(record_no), 1) from raw.{source} where delivery_id = {delivery_id}) + i as record_no,
          {columns}
        from range(1, {count} + 1) as numbers (i)
        """
    )
