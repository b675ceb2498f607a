"""The sample's other sources of a force: the same every time, shaped as their contracts, each critical rule broken.

What an extract says is read with the csv module; what becomes of its rows is judged by the pipeline itself.
"""

import csv
import gzip
import io
import os
import re
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import duckdb
import numpy as np
import pytest

from flows.contracts import Contract, load_contracts
from flows.sample import PERSONAL_MARKERS, SOURCES, TEST_HMAC_KEY
from flows.sample.draws import Draws
from flows.sample.mistakes import mistakes_against
from flows.sample.people import MARK
from flows.sample.records import Pattern, changed, in_months, on_days
from flows.sample.source import Source, write_source
from flows.stages.extract import extract, find
from flows.stages.validate import validate

CONTRACTS = load_contracts()
THROUGH = date(2019, 9, 10)
MISTYPED = {"2031", "2018-02-30"}
"""What a date after the extract, and one that does not exist, begin with."""
LONG_AGO = 1_000_000_000
"""When the files were last changed, seconds since 1970: young ones would be waited for."""
YEARLY = {
    "asb_incidents": 1300,
    "enforcement_actions": 300,
    "engagement_activities": 300,
    "licensing_activities": 1500,
    "prevent_referrals": 25,
    "public_order_events": 120,
    "roads_enforcement": 4000,
    "support_bus_attendances": 3000,
    "triage_contacts": 600,
    "vehicle_checks": 1500,
}
"""Roughly how many records of 2018 there are in each source."""

Row = dict[str, str]
of_every_source = pytest.mark.parametrize("source", SOURCES, ids=[source.name for source in SOURCES])


class Extract(NamedTuple):
    """What one extract says: its day, and the rows that can be read."""

    day: date
    rows: list[Row]


def write(source: Source, out: Path, *, seed: int = 1, scale: float = 1.0, through: date = THROUGH) -> dict[str, bytes]:
    """The files that are written, by name and unpacked."""
    written = write_source(source, out, seed=seed, scale=scale, through=through)
    assert written == sorted(path for path in out.rglob("*") if path.is_file())
    return {path.name: plain(path) for path in written}


def plain(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def read(files: dict[str, bytes]) -> Iterator[Extract]:
    for name, content in files.items():
        header, *records = csv.reader(io.StringIO(content.decode(), newline=""))
        rows = [dict(zip(header, record, strict=True)) for record in records if len(record) == len(header)]
        yield Extract(date.fromisoformat(re.findall(r"\d{4}-\d\d-\d\d", name)[0]), rows)


def lines(files: dict[str, bytes]) -> int:
    return sum(content.count(b"\n") - 1 for content in files.values())


@pytest.fixture(scope="module")
def extracts(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], list[Extract]]:
    """The extracts of a source in the default sample, in order."""
    out = tmp_path_factory.mktemp("sources")
    found = {source.name: list(read(write(source, out / source.name))) for source in SOURCES}
    return found.__getitem__


@pytest.fixture(scope="module")
def newest(extracts: Callable[[str], list[Extract]]) -> Callable[[str], list[Row]]:
    """The newest state of each record of a source that has a number and a date in its own spelling."""

    def of(name: str) -> list[Row]:
        contract = CONTRACTS[name]
        (key,) = contract.key
        dated = contract.counted_by or ""
        rows = (row for extract in extracts(name) for row in extract.rows)
        return list(
            {
                row[key]: row
                for row in rows
                if row[key].startswith("SAMPLE-") and re.match(r"20[12]\d-(?!02-30)", row[dated])
            }.values()
        )

    return of


def test_every_source_of_a_force_is_in_the_sample() -> None:
    of_a_force = {name for name, contract in CONTRACTS.items() if contract.record_source == "force"}
    assert {source.name for source in SOURCES} | {"crimes"} == of_a_force
    assert [source.name for source in SOURCES] == sorted(source.name for source in SOURCES)


class TestTheFiles:
    """Which files there are, and that they are always the same."""

    @of_every_source
    def test_same_arguments_give_the_same_bytes_and_another_seed_gives_others(
        self, source: Source, tmp_path: Path
    ) -> None:
        first, again, other = (
            write(source, tmp_path / name, seed=seed) for name, seed in (("first", 1), ("again", 1), ("other", 2))
        )
        assert first == again
        assert first.keys() == other.keys()
        assert all(first[name] != other[name] for name in first if b"SAMPLE-" in first[name] + other[name])
        packed = [{path.name: path.read_bytes() for path in (tmp_path / name).iterdir()} for name in ("first", "again")]
        assert packed[0] == packed[1]

    @of_every_source
    def test_later_date_adds_files_and_leaves_the_others_alone(self, source: Source, tmp_path: Path) -> None:
        earlier = write(source, tmp_path / "earlier", through=date(2018, 12, 31))
        later = write(source, tmp_path / "later")
        assert {name: later[name] for name in earlier} == earlier
        assert len(later) == len(earlier) + 10

    @of_every_source
    def test_extracts_on_the_seventh_of_each_month_and_on_the_days_of_reports(
        self, source: Source, tmp_path: Path
    ) -> None:
        days = [extract.day for extract in read(write(source, tmp_path, scale=0.01))]
        assert days[0] == source.first_extract
        months = {(year, month) for year in range(2016, 2020) for month in range(1, 13)}
        due = {date(*month, 7) for month in months} | {date(2017, 9, 21), date(2019, 9, 10)}
        assert days == sorted(day for day in due if source.first_extract <= day <= THROUGH)

    @of_every_source
    def test_nothing_before_the_first_extract(self, source: Source, tmp_path: Path) -> None:
        assert write(source, tmp_path, through=source.first_extract - timedelta(days=1)) == {}
        assert len(write(source, tmp_path, through=source.first_extract)) == 1

    @of_every_source
    def test_header_is_the_columns_of_the_contract(self, source: Source, tmp_path: Path) -> None:
        columns = [column.name for column in CONTRACTS[source.name].columns]
        files = write(source, tmp_path, scale=0.01)
        assert all(content.split(b"\n")[0].decode().split(",") == columns for content in files.values())

    @of_every_source
    def test_scale_multiplies_the_rows(self, source: Source, tmp_path: Path) -> None:
        usual, tenfold, few = (lines(write(source, tmp_path / str(scale), scale=scale)) for scale in (1.0, 10.0, 0.001))
        assert tenfold == pytest.approx(10 * usual, rel=0.25 if usual < 300 else 0.1)
        assert few < usual / 20

    def test_two_sources_have_no_draws_in_common(self) -> None:
        pattern = Pattern({date(2018, 1, 1): 1000}, hours=[1] * 24)
        one, other = (in_months(name, pattern, 1, 1.0, date(2018, 12, 31)) for name in ("one", "other"))
        assert not set(one.draws.bits("street")) & set(other.draws.bits("street"))
        assert set(one.minute) != set(other.minute)


class TestTheRecords:
    """That every column is filled, that nothing is known too early, and what happens to records."""

    @of_every_source
    def test_volume(self, source: Source, newest: Callable[[str], list[Row]]) -> None:
        dated = CONTRACTS[source.name].counted_by or ""
        of_2018 = [row for row in newest(source.name) if row[dated].startswith("2018")]
        assert len(of_2018) == pytest.approx(YEARLY[source.name], rel=0.3)

    @of_every_source
    def test_every_column_is_filled_and_every_listed_value_occurs(
        self, source: Source, newest: Callable[[str], list[Row]]
    ) -> None:
        contract, rows = CONTRACTS[source.name], newest(source.name)
        values = {column.name: Counter(row[column.name] for row in rows) for column in contract.columns}
        assert not [name for name, found in values.items() if set(found) == {""}]
        for rule in contract.rules:
            if rule.expectation == "expect_column_values_to_be_in_set":
                assert set(rule.kwargs["value_set"]) <= set(values[rule.kwargs["column"]]), rule.code

    @of_every_source
    def test_nothing_lies_after_the_extract_but_what_is_planned_or_mistyped(
        self, source: Source, extracts: Callable[[str], list[Extract]]
    ) -> None:
        dated = [column.name for column in CONTRACTS[source.name].columns if column.type in ("date", "time")]
        may_be_later = {"hub_month", *(["started_on"] if source.name == "engagement_activities" else [])}
        later: list[str] = []
        for day, rows in extracts(source.name):
            values = {row[name] for row in rows for name in dated if name not in may_be_later}
            later += [value for value in values if value[:10] > str(day)]
        assert not [value for value in later if not value.startswith(tuple(MISTYPED))]

    @of_every_source
    def test_records_change_and_are_sent_again(self, source: Source, extracts: Callable[[str], list[Extract]]) -> None:
        (key,) = CONTRACTS[source.name].key
        times_sent = Counter(row[key] for extract in extracts(source.name)[1:] for row in extract.rows)
        assert max(times_sent.values()) > 1

    def test_incidents_are_closed_moved_cancelled_and_late(self, extracts: Callable[[str], list[Extract]]) -> None:
        states: dict[str, list[Row]] = {}
        first_known: dict[str, date] = {}
        for day, rows in extracts("asb_incidents"):
            for row in rows:
                states.setdefault(row["incident_number"], []).append(row)
                first_known.setdefault(row["incident_number"], day)
        known = {number: found for number, found in states.items() if number.startswith("SAMPLE-ASB/")}
        assert np.mean(["cancelled" in {row["status"] for row in found} for found in known.values()]) == pytest.approx(
            0.012, abs=0.004
        )
        assert sum(len({row["category"] for row in found}) > 1 for found in known.values()) > 30
        assert sum(found[0]["status"] == "open" and found[-1]["status"] == "closed" for found in known.values()) > 500
        recent = [
            datetime.fromisoformat(found[0]["created_at"]).date() + timedelta(days=31) < first_known[number]
            for number, found in known.items()
            if re.match(r"201[78]-\d\d-(0\d|1\d|2[0-8]) ", found[0]["created_at"])
        ]
        assert np.mean(recent) == pytest.approx(0.04, abs=0.015)

    def test_people_climb_the_ladder(self, newest: Callable[[str], list[Row]]) -> None:
        stages = {"green": "ticket", "yellow": "cpw", "red": "cpn", "blue": "summons", "cbo": "cbo"}
        climbs: dict[str, list[Row]] = {}
        for row in newest("enforcement_actions"):
            if row["person_ref"] and row["stage"] in stages:
                climbs.setdefault(row["person_ref"], []).append(row)
        assert len(climbs) > 200
        for actions in climbs.values():
            assert len({row["person_name"] for row in actions}) == 1
            assert len({row["programme"] for row in actions} & {"luscombe", "alabama", "other"}) <= 1
            in_order = sorted(actions, key=lambda row: row["issued_on"])
            known = [row["stage"] for row in in_order]
            assert known == sorted(known, key=list(stages).index)
        assert max(len(actions) for actions in climbs.values()) == 5
        pairs = Counter((row["stage"], row["instrument"]) for row in newest("enforcement_actions"))
        assert {pair for pair, _ in pairs.most_common(5)} == set(stages.items())

    def test_hub_is_in_a_later_month_and_numbered_by_it(self, newest: Callable[[str], list[Row]]) -> None:
        invited = [row for row in newest("enforcement_actions") if re.fullmatch(r"\d{4}-\d\d-01", row["hub_month"])]
        assert len(invited) > 200
        assert all(row["hub_month"] > row["issued_on"] for row in invited)
        numbers = {row["hub_month"]: row["hub_number"] for row in invited if row["hub_number"].isdigit()}
        assert numbers["2018-07-01"] == "5"
        assert numbers["2019-08-01"] == "18"

    def test_who_came_to_a_hub_is_known_after_it(self, extracts: Callable[[str], list[Extract]]) -> None:
        attended = [
            (row["hub_month"], str(day))
            for day, rows in extracts("enforcement_actions")
            for row in rows
            if row["hub_attended"] in ("Y", "N") and re.match(r"2\d{3}-(?!02-30)", row["hub_month"])
        ]
        assert len(attended) > 100
        assert all(month < day for month, day in attended)

    def test_some_activities_are_planned_and_told_of_when_they_are_over(
        self, extracts: Callable[[str], list[Extract]]
    ) -> None:
        planned: list[Row] = []
        for day, rows in extracts("engagement_activities"):
            mistyped = [row for row in rows if row["started_on"].startswith(tuple(MISTYPED))]
            later = [row for row in rows if row["started_on"] > str(day) and row not in mistyped]
            assert all(row["started_on"] <= str(day + timedelta(days=75)) for row in later)
            planned += later
        assert len(planned) > 100
        assert {row["attendance"] for row in planned} <= {"", "-1", "several"}

    def test_bus_is_out_on_nights_from_thursday_to_saturday(self, newest: Callable[[str], list[Row]]) -> None:
        nights = Counter(row["deployed_on"] for row in newest("support_bus_attendances"))
        easter = "2019-04-24"  # a Wednesday that was reported
        assert {date.fromisoformat(night).isoweekday() for night in nights if night != easter} == {4, 5, 6}
        of_2018 = [count for night, count in nights.items() if night.startswith("2018")]
        assert len(of_2018) == pytest.approx(100, abs=15)
        assert np.mean(of_2018) == pytest.approx(30, abs=3)

    def test_checks_of_a_day_are_one_operation(self, newest: Callable[[str], list[Row]]) -> None:
        rows = [row for row in newest("vehicle_checks") if row["operation_ref"].startswith("SAMPLE-OP/")]
        assert {row["operation_ref"][-6:] == row["checked_at"][2:10].replace("-", "") for row in rows} == {True}
        is_one = re.compile("public_carriage|commercial_vehicle").fullmatch
        programmes = {(row["operation_ref"], row["programme"]) for row in rows if is_one(row["programme"])}
        assert len(programmes) == len({row["operation_ref"] for row in rows})


class TestMistakes:
    """Rows that must not be loaded, rows that deserve a warning, and that all else is sound."""

    @of_every_source
    def test_every_critical_rule_is_broken_and_few_rows_are_bad(self, source: Source, tmp_path: Path) -> None:
        contract = CONTRACTS[source.name]
        with judged(source, contract, tmp_path) as connection:
            broken = {code for (code,) in connection.execute("select distinct code from failures").fetchall()}
            files = connection.execute(
                """
                select count(*), count(bad.row_id)
                from typed
                left join (select distinct row_id from failures where list_contains(?, code)) as bad using (row_id)
                group by file_id
                """,
                [[rule.code for rule in contract.all_rules if rule.severity == "critical"]],
            ).fetchall()
        assert {rule.code for rule in contract.all_rules if rule.severity == "critical"} - broken == set()
        assert not [counts for counts in files if counts[1] >= 10 and counts[1] > 0.2 * counts[0]], "is rejected"
        rows, bad = (sum(counts) for counts in zip(*files, strict=True))
        assert bad / rows < (0.005 if rows > 10_000 else 0.035 if rows > 500 else 0.15)

    def test_half_of_the_mistakes_come_right_in_the_next_extract(
        self, extracts: Callable[[str], list[Extract]]
    ) -> None:
        """Of the support bus, whose records hardly ever change otherwise."""
        wrong = {"not_listed", f"{MARK} Person 0000", "-1", "several"}
        corrected = [
            any(
                row["attendance_ref"] == other["attendance_ref"]
                for other in after.rows
                if not wrong & {*other.values()}
            )
            for before, after in pairwise(extracts("support_bus_attendances"))
            for row in before.rows
            if wrong & {*row.values()} and row["attendance_ref"].startswith("SAMPLE-")
        ]
        assert len(corrected) > 8
        assert 0.2 < np.mean(corrected) < 0.8

    def test_mistakes_made_from_a_contract_name_what_they_break(self) -> None:
        what = [mistake.what for mistake in mistakes_against(CONTRACTS["support_bus_attendances"])]
        assert what[:6] == [
            "an unknown sex",
            "an unknown need",
            "an unknown outcome",
            "too low a number of minutes_with_service",
            "deployed_on after the extract",
            "a second row that knows less",
        ]
        assert len(set(what)) == len(what)


class TestPeople:
    """Nobody in the sample is real, and every personal value can be recognised."""

    @of_every_source
    def test_every_personal_value_holds_a_marker_and_no_other_does(
        self, source: Source, extracts: Callable[[str], list[Extract]], newest: Callable[[str], list[Row]]
    ) -> None:
        personal = {column.name for column in CONTRACTS[source.name].columns if column.personal or column.pseudonymised}
        seen: Counter[str] = Counter()
        for _, rows in extracts(source.name):
            for row in rows:
                for column in personal:
                    if row[column]:
                        assert any(marker in row[column] for marker in PERSONAL_MARKERS)
                        seen[column] += 1
        assert set(seen) == personal
        others = Counter(
            value
            for row in newest(source.name)
            for column, value in row.items()
            if column not in personal and any(marker in value for marker in PERSONAL_MARKERS)
        )
        assert set(others) <= {f"{MARK} Person 0000"}  # a name that slipped into a code
        assert sum(others.values()) < 60

    def test_the_published_key_is_long_enough_and_says_what_it_is(self) -> None:
        assert len(TEST_HMAC_KEY) >= 32
        assert "test-key" in TEST_HMAC_KEY


class TestWhen:
    """How many things occur, when, and what is known of them."""

    def test_days_on_which_something_takes_place(self) -> None:
        those = on_days(
            "any", first=date(2018, 1, 1), days=(1000, 0, 0, 0, 0, 500, 0), each=10.0, hours=[0] * 23 + [1], seed=1,
            scale=2.0, until=date(2018, 12, 31),
        )  # fmt: skip
        days = Counter(those.day.tolist())
        weekdays = Counter((day + 3) % 7 for day in days)
        assert weekdays[0] == 53
        assert 18 <= weekdays[5] <= 34
        assert set(weekdays) == {0, 5}
        assert np.mean(list(days.values())) == pytest.approx(20, rel=0.06)
        assert set((those.minute // 60 % 24).tolist()) == {23}
        assert (np.diff(those.minute) >= 0).all()

    def test_volume_follows_the_years_and_the_months(self) -> None:
        pattern = Pattern({date(2017, 1, 1): 1200, date(2018, 1, 1): 12_000}, hours=[1] * 24, months=(6, *[1] * 10, 2))
        those = in_months("any", pattern, 1, 1.0, date(2018, 12, 1))
        months = Counter(those.minute.astype("datetime64[m]").astype("datetime64[M]").astype(str).tolist())
        assert months["2017-01"] == pytest.approx(400, rel=0.15)
        assert months["2018-01"] == pytest.approx(4000, rel=0.05)
        assert months["2018-06"] == pytest.approx(667, rel=0.12)

    def test_what_is_known_between_two_days(self) -> None:
        history = {"known": np.array([17_897, 17_898, 17_900]), "closed": np.array([17_899, 17_898, 17_897])}
        assert changed(history, None, date(2019, 1, 2)).tolist() == [0, 1]
        assert changed(history, date(2019, 1, 2), date(2019, 1, 3)).tolist() == [0]
        assert changed(history, date(2019, 1, 3), date(2019, 1, 4)).tolist() == [2]

    def test_draws_of_others_are_those_of_their_keys(self) -> None:
        draws = Draws(5, np.arange(3)).others(np.arange(7, 9))
        assert draws.bits("any").tolist() == Draws(5, np.arange(7, 9)).bits("any").tolist()


def judged(source: Source, contract: Contract, folder: Path) -> duckdb.DuckDBPyConnection:
    """The scratch file of the source, read-only, after its extracts were read and validated; none was rejected."""
    landing, scratch = folder / "landing", folder / "scratch"
    scratch.mkdir()
    for path in write_source(source, landing, seed=1, scale=1.0, through=THROUGH):
        os.utime(path, (LONG_AGO, LONG_AGO))
    found = find(
        landing, CONTRACTS, known=lambda _: False, default_force="City", folder_forces={}, today=date(2019, 10, 1)
    )
    assert not [arrival for arrival in found.arrivals if arrival.problem]
    key = TEST_HMAC_KEY.encode()
    extracted = extract(contract, found.arrivals, scratch, is_repeat=lambda *_: False, hmac_key=key)
    validate(contract, extracted.database)
    return duckdb.connect(str(extracted.database), read_only=True)
