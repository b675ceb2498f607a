"""When deliveries are due: hand-worked calendars, and what holds on any day and for any deliveries."""

from __future__ import annotations

import subprocess
import sys
from datetime import date, timedelta

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from flows import freshness
from flows.contracts import Cadence, Contract, Due, load_contracts
from flows.freshness import Arrived, Freshness, State
from flows.reference import path as reference_path
from flows.settings import PROJECT_DIR

CITY = "City of London Police"
RANKS: tuple[State, ...] = ("on_time", "due", "late", "missing")


def contract(due: Due | None, cadence: Cadence = "monthly", kind: str = "changes") -> Contract:
    return Contract.model_validate(
        {
            "source": "things",
            "system": "records",
            "title": "Things that happen",
            "record_source": "force",
            "description": "One row per thing.",
            "owner": "Keeper of things",
            "cadence": cadence,
            "due": due and due.model_dump(),
            "delivery": {"kind": kind, "naming": "dated"},
            "key": ["thing"],
            "columns": [{"name": "thing", "type": "code", "description": "What it is called."}],
        }
    )


def judged(
    newest: Arrived, today: date, due: Due | None = None, cadence: Cadence = "monthly", kind: str = "changes"
) -> Freshness:
    due = due or Due(working_day=6, late_after=1, missing_after=5)
    [found] = freshness.assess({"things": contract(due, cadence, kind)}, [newest], today)
    return found


def things(last_extract: date, last_slice: str | None = None) -> Arrived:
    return Arrived("things", CITY, last_extract, last_slice)


class TestWorkingDays:
    """Monday to Friday without bank holidays."""

    @pytest.mark.parametrize(
        ("after", "number", "day"),
        [
            # Christmas 2018: Tuesday and Wednesday are bank holidays, and so is Tuesday 1 January.
            (date(2018, 12, 21), 1, date(2018, 12, 24)),
            (date(2018, 12, 21), 2, date(2018, 12, 27)),
            (date(2018, 12, 21), 4, date(2018, 12, 31)),
            (date(2018, 12, 21), 5, date(2019, 1, 2)),
            # Christmas 2021 was a Saturday: its substitutes are Monday 27 and Tuesday 28.
            (date(2021, 12, 24), 1, date(2021, 12, 29)),
            # Easter 2019: 19 and 22 April.
            (date(2019, 4, 18), 1, date(2019, 4, 23)),
            # A month whose last day is a Saturday, 31 August 2019: the first working day is Monday 2 September.
            (date(2019, 8, 31), 1, date(2019, 9, 2)),
            (date(2019, 8, 31), 6, date(2019, 9, 9)),
            # A leap day counts: Saturday 29 February 2020 does not, Monday 29 February 2016 does.
            (date(2016, 2, 26), 1, date(2016, 2, 29)),
            (date(2020, 2, 28), 1, date(2020, 3, 2)),
            # One-off holidays: the wedding of 2011, the jubilees, the funeral of 2022, the coronation; the moved one.
            (date(2011, 4, 28), 1, date(2011, 5, 3)),
            (date(2012, 6, 1), 1, date(2012, 6, 6)),
            (date(2022, 6, 1), 1, date(2022, 6, 6)),
            (date(2022, 9, 16), 1, date(2022, 9, 20)),
            (date(2023, 5, 5), 1, date(2023, 5, 9)),
            (date(2020, 5, 1), 5, date(2020, 5, 11)),
        ],
    )
    def test_by_hand(self, after: date, number: int, day: date) -> None:
        assert freshness.working_day_after(after, number) == day
        assert freshness.working_days_between(after, day) == number

    def test_the_same_holidays_as_in_the_seed(self) -> None:
        with duckdb.connect() as connection:
            rows = connection.execute("select held_on from read_csv(?)", [str(reference_path("bank_holidays"))])
            held = {row[0] for row in rows.fetchall()}
        first, last = min(held), max(held)
        weekdays = [first + timedelta(days) for days in range((last - first).days + 1)]
        weekdays = [day for day in weekdays if day.weekday() < 5]
        assert {day for day in weekdays if not freshness.is_working_day(day)} == held

    @given(st.dates(date(2011, 1, 1), date(2027, 12, 1)), st.integers(1, 40))
    def test_there_and_back(self, after: date, number: int) -> None:
        day = freshness.working_day_after(after, number)
        assert freshness.is_working_day(day)
        assert freshness.working_days_between(after, day) == number


@pytest.mark.parametrize(
    ("cadence", "day", "end", "name"),
    [
        ("daily", date(2019, 8, 7), date(2019, 8, 7), "7 August 2019"),
        ("weekly", date(2019, 8, 5), date(2019, 8, 11), "the week to 11 August 2019"),
        ("weekly", date(2019, 8, 11), date(2019, 8, 11), "the week to 11 August 2019"),
        ("monthly", date(2020, 2, 1), date(2020, 2, 29), "February 2020"),
        ("monthly", date(2019, 12, 31), date(2019, 12, 31), "December 2019"),
        ("quarterly", date(2019, 4, 1), date(2019, 6, 30), "the quarter to 30 June 2019"),
        ("quarterly", date(2019, 12, 1), date(2019, 12, 31), "the quarter to 31 December 2019"),
        ("yearly", date(2019, 1, 1), date(2019, 12, 31), "2019"),
    ],
)
def test_periods(cadence: Cadence, day: date, end: date, name: str) -> None:
    assert freshness.period_end(cadence, day) == end
    assert freshness.name_of_period(cadence, end) == name


class TestStates:
    """A monthly source, due by the 6th working day, late one working day after and missing five after."""

    @pytest.mark.parametrize(
        ("today", "state", "days_late"),
        [
            (date(2019, 8, 8), "on_time", 0),
            (date(2019, 9, 1), "on_time", 0),
            (date(2019, 9, 8), "on_time", 0),
            (date(2019, 9, 9), "due", 0),
            (date(2019, 9, 10), "late", 1),
            (date(2019, 9, 13), "late", 4),
            (date(2019, 9, 15), "late", 4),
            (date(2019, 9, 16), "missing", 5),
            (date(2019, 10, 16), "missing", 27),
        ],
    )
    def test_august_2019_with_the_extract_of_7_august(self, today: date, state: State, days_late: int) -> None:
        found = judged(things(date(2019, 8, 7)), today)
        assert (found.state, found.days_late) == (state, days_late)
        assert found.period_end == date(2019, 8, 31)
        assert (found.due_on, found.late_on, found.missing_on) == (
            date(2019, 9, 9),
            date(2019, 9, 10),
            date(2019, 9, 16),
        )
        assert (found.source, found.force, found.owner) == ("things", CITY, "Keeper of things")

    @pytest.mark.parametrize(
        ("last_extract", "period_end"),
        [
            (date(2019, 8, 30), date(2019, 8, 31)),  # a day short of the month
            (date(2019, 8, 31), date(2019, 9, 30)),
            (date(2019, 9, 7), date(2019, 9, 30)),
            (date(2020, 2, 28), date(2020, 2, 29)),  # a leap year
            (date(2020, 2, 29), date(2020, 3, 31)),
        ],
    )
    def test_an_extract_of_the_last_day_makes_the_month_delivered(self, last_extract: date, period_end: date) -> None:
        assert judged(things(last_extract), date(2019, 9, 10)).period_end == period_end

    def test_december_is_due_after_new_year(self) -> None:
        found = judged(things(date(2018, 12, 7)), date(2019, 1, 9))
        assert found.due_on == date(2019, 1, 9)
        assert found.state == "due"

    def test_a_slice_is_current_to_its_month_whenever_it_was_published(self) -> None:
        due = Due(working_day=45, late_after=10, missing_after=30)
        found = judged(things(date(2019, 8, 31), "2019-06"), date(2019, 9, 11), due, kind="slice")
        assert (found.period_end, found.due_on, found.state) == (date(2019, 7, 31), date(2019, 10, 3), "on_time")
        a_year = judged(things(date(2019, 6, 1), "2018"), date(2020, 1, 31), cadence="yearly", kind="slice")
        assert (a_year.period_end, a_year.due_on) == (date(2019, 12, 31), date(2020, 1, 9))

    @pytest.mark.parametrize(
        ("today", "message"),
        [
            (date(2019, 9, 6), "August 2019 is due by the end of 9 September 2019"),
            (date(2019, 9, 9), "August 2019 is due by the end of 9 September 2019 and is not here yet"),
            (
                date(2019, 9, 10),
                "August 2019 was due by the end of 9 September 2019 and is 1 working day late;"
                " the newest extract is of 7 August 2019",
            ),
            (
                date(2019, 9, 17),
                "August 2019 was due by the end of 9 September 2019 and is missing, 6 working days late;"
                " the newest extract is of 7 August 2019",
            ),
        ],
    )
    def test_in_words(self, today: date, message: str) -> None:
        assert judged(things(date(2019, 8, 7)), today).message == message


class TestWhoIsAssessed:
    """Sources with a contract that says when they are due."""

    def test_each_force_for_itself_and_sources_that_never_delivered(self) -> None:
        due = Due(working_day=6, late_after=1, missing_after=5)
        other = contract(due).model_copy(update={"source": "others"})
        contracts = {"things": contract(due), "others": other}
        arrived = [
            Arrived("things", "Kent Police", date(2019, 9, 7)),
            Arrived("things", CITY, date(2019, 8, 7)),
            Arrived("gone", CITY, date(2019, 8, 7)),
        ]
        found = freshness.assess(contracts, arrived, date(2019, 9, 10))
        assert [(item.source, item.force, item.state) for item in found] == [
            ("others", None, "awaited"),
            ("things", CITY, "late"),
            ("things", "Kent Police", "on_time"),
        ]
        assert found[0].message == "has never delivered"
        assert (found[0].due_on, found[0].days_late) == (None, 0)

    def test_a_contract_that_says_nothing_of_it_is_left_out(self) -> None:
        assert freshness.assess({"things": contract(None)}, [things(date(2019, 8, 7))], date(2019, 9, 10)) == []


class TestWhatArrived:
    """One query, of the release or of the ledger."""

    @pytest.mark.parametrize(
        ("schema", "taken"), [("marts", ("loaded", "superseded")), ("ledger", ("accepted", "accepted"))]
    )
    def test_rejected_deliveries_count_for_nothing(self, schema: str, taken: tuple[str, str]) -> None:
        with duckdb.connect() as connection:
            connection.execute(f"create schema {schema}")
            connection.execute(
                f"create table {schema}.deliveries (source text, force text, slice text, extract_date date, state text)"
            )
            connection.executemany(
                f"insert into {schema}.deliveries values (?, ?, ?, ?, ?)",
                [
                    ("crimes", CITY, None, date(2019, 7, 7), taken[1]),
                    ("crimes", CITY, None, date(2019, 8, 7), taken[0]),
                    ("crimes", CITY, None, date(2019, 9, 7), "rejected"),
                    ("crimes", None, None, None, "rejected"),
                    ("street", CITY, "2019-05", date(2019, 8, 31), taken[0]),
                    ("street", CITY, "2019-06", date(2019, 7, 31), taken[0]),
                    ("street", "Kent Police", "2019-06", date(2019, 7, 31), "rejected"),
                ],
            )
            assert freshness.arrived(connection, f"{schema}.deliveries") == [  # pyright: ignore[reportArgumentType]
                Arrived("crimes", CITY, date(2019, 8, 7), None),
                Arrived("street", CITY, date(2019, 8, 31), "2019-06"),
            ]


dues = st.builds(
    lambda working_day, late, more: Due(working_day=working_day, late_after=late, missing_after=late + more),
    st.integers(1, 50),
    st.integers(1, 10),
    st.integers(1, 20),
)
days = st.dates(date(2012, 1, 1), date(2026, 12, 31))
cadences = st.sampled_from(("daily", "weekly", "monthly", "quarterly", "yearly"))


class TestAlways:
    """Whatever is due, delivered and asked."""

    @given(dues, cadences, days, days, st.integers(0, 400))
    def test_it_is_never_less_late_on_a_later_day(
        self, due: Due, cadence: Cadence, extract: date, today: date, more: int
    ) -> None:
        earlier = judged(things(extract), today, due, cadence)
        later = judged(things(extract), today + timedelta(more), due, cadence)
        assert RANKS.index(earlier.state) <= RANKS.index(later.state)
        assert earlier.days_late <= later.days_late
        assert earlier.due_on == later.due_on

    @given(dues, cadences, days, st.integers(0, 800), days)
    def test_a_delivery_never_makes_it_later(
        self, due: Due, cadence: Cadence, extract: date, more: int, today: date
    ) -> None:
        before = judged(things(extract), today, due, cadence)
        after = judged(things(extract + timedelta(more)), today, due, cadence)
        assert RANKS.index(after.state) <= RANKS.index(before.state)
        assert after.days_late <= before.days_late

    @given(dues, cadences, days, days)
    def test_the_days_are_in_order_and_the_states_follow_them(
        self, due: Due, cadence: Cadence, extract: date, today: date
    ) -> None:
        found = judged(things(extract), today, due, cadence)
        assert found.period_end is not None
        assert found.due_on is not None
        assert found.late_on is not None
        assert found.missing_on is not None
        assert extract < found.period_end < found.due_on < found.late_on < found.missing_on
        assert RANKS.index(found.state) == sum(
            today >= since for since in (found.due_on, found.late_on, found.missing_on)
        )
        assert (found.days_late > 0) == (found.state in freshness.ALARMING)


def test_every_contract_says_when_it_is_due() -> None:
    assert [source for source, each in load_contracts().items() if each.due is None] == []


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (1, "1st"),
        (2, "2nd"),
        (3, "3rd"),
        (4, "4th"),
        (11, "11th"),
        (12, "12th"),
        (13, "13th"),
        (21, "21st"),
        (45, "45th"),
    ],
)
def test_in_words_for_people(number: int, words: str) -> None:
    due = Due(working_day=number, late_after=1, missing_after=5)
    assert contract(due, "quarterly").due_in_words == f"{words} working day after the quarter"
    assert contract(None, "weekly").due_in_words == "weekly"


@pytest.mark.parametrize(
    "due",
    [
        {"working_day": 0, "late_after": 1, "missing_after": 2},
        {"working_day": 6, "late_after": 0, "missing_after": 2},
        {"working_day": 6, "late_after": 3, "missing_after": 3},
    ],
)
def test_what_makes_no_sense_in_a_contract(due: dict[str, int]) -> None:
    with pytest.raises(ValidationError):
        Due(**due)


def test_contracts_are_read_without_the_library_of_holidays() -> None:
    """A run with nothing to do reads the contracts, and must not wait for it."""
    script = "import sys, flows.contracts, flows.freshness; assert 'holidays' not in sys.modules"
    subprocess.run([sys.executable, "-c", script], check=True, cwd=PROJECT_DIR)
