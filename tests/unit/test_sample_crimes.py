"""The sample's crimes: the same every time, believable in their shares, with the cases and mistakes they promise."""

import ast
import csv
import io
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from flows import sample
from flows.contracts import CONTRACTS_DIR, load_contract
from flows.sample import PERSONAL_MARKERS
from flows.sample.crimes import extract_days, write_crimes
from flows.sample.draws import Choice, Draws

REPOSITORY = Path(__file__).parents[2]
CONTRACT = load_contract(CONTRACTS_DIR / "crimes.yml")
COLUMNS = [column.name for column in CONTRACT.columns]
PERSONAL = [column.name for column in CONTRACT.columns if column.personal]
REJECTED = "crimes_2017-06-20.csv"
LATE = "crimes_2018-02-19.csv"
CUT_SHORT = "crimes_2018-10-07.csv"

Row = dict[str, str]


def files_below(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def seed_rows(name: str) -> list[Row]:
    with (REPOSITORY / "dbt_project/seeds" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


OFFENCES = {(row["class_code"], row["sub_code"]): row for row in seed_rows("offences")}
CLASSES_WITH_PAIRS = {class_code for class_code, sub_code in OFFENCES if sub_code}
WARDS = {row["ward"] for row in seed_rows("wards")}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Every file of the default sample, by path."""
    out = tmp_path_factory.mktemp("crimes")
    write_crimes(out)
    return files_below(out)


@dataclass(frozen=True)
class Extract:
    """What one extract says: its day, the rows that can be read, and how many lines can't."""

    day: date
    rows: list[Row]
    malformed: int

    @cached_property
    def sound(self) -> list[Row]:
        """The rows that break no critical rule, each number once."""
        differing = differing_numbers(self.rows)
        rows = {row["crime_number"]: row for row in self.rows if not breaks(row, self.day)}
        return [row for number, row in rows.items() if number not in differing]


def read(name: str, content: bytes) -> Extract:
    header, *records = csv.reader(io.StringIO(content.decode(), newline=""))
    good = [record for record in records if len(record) == len(header) and not any("\0" in value for value in record)]
    day = date.fromisoformat(re.findall(r"\d{4}-\d\d-\d\d", name)[0])
    return Extract(day, [dict(zip(header, record, strict=True)) for record in good], len(records) - len(good))


@pytest.fixture(scope="module")
def extracts(files: dict[str, bytes]) -> list[Extract]:
    """The extracts that stand, in the order of their days."""
    left_out = {REJECTED, CUT_SHORT, "again/crimes_2018-05-07.csv"}
    return [read(name, content) for name, content in sorted(files.items()) if name not in left_out]


@pytest.fixture(scope="module")
def histories(extracts: list[Extract]) -> dict[str, list[tuple[date, Row]]]:
    """The sound states of each crime, with the days of their extracts."""
    found: defaultdict[str, list[tuple[date, Row]]] = defaultdict(list)
    for extract in extracts:
        for row in extract.sound:
            found[row["crime_number"]].append((extract.day, row))
    return dict(found)


@pytest.fixture(scope="module")
def newest(histories: dict[str, list[tuple[date, Row]]]) -> list[Row]:
    """The newest sound state of each crime."""
    return [states[-1][1] for states in histories.values()]


def when(text: str) -> datetime | None:
    """A time in the sample's own spelling, None for any other text."""
    try:
        return datetime.fromisoformat(text) if re.fullmatch(r"\d{4}-\d\d-\d\d ([01]\d|2[0-3]):\d\d", text) else None
    except ValueError:
        return None


def span_in_use(row: Row) -> tuple[str, str]:
    return row["valid_from"] or "0001-01-01", row["valid_to"] or "9999-12-31"


def classified(row: Row) -> Iterator[str]:
    """What is wrong with class and sub-code, from the specification's own words."""
    class_code, sub_code, day = row["class_code"], row["sub_code"], row["recorded_at"][:10]
    listed = OFFENCES.get((class_code, ""))
    if not class_code:
        yield "class missing"
    elif listed is None:
        yield "class no code" if " " in class_code else "class unknown"
    elif listed["recordable"] != "true":
        yield "class not recordable"
    elif when(row["recorded_at"]) and not span_in_use(listed)[0] <= day <= span_in_use(listed)[1]:
        yield "class not valid"
    if " " in sub_code:
        yield "sub-code no code"
    elif sub_code and class_code in CLASSES_WITH_PAIRS:
        pair = OFFENCES.get((class_code, sub_code))
        if pair is None:
            yield "sub-code unknown"
        elif when(row["recorded_at"]) and not span_in_use(pair)[0] <= day <= span_in_use(pair)[1]:
            yield "sub-code not valid"


def timed(row: Row, day: date) -> Iterator[str]:
    """What is wrong with times."""
    times = {column: when(row[column]) for column in ("recorded_at", "reported_at", "committed_from", "committed_to")}
    times["outcome_at"] = when(row["outcome_at"])
    for column, time in times.items():
        if row[column] and time is None:
            yield f"{column} no time"
    if not row["recorded_at"]:
        yield "recorded_at missing"
    recorded, start, outcome = times["recorded_at"], times["committed_from"], times["outcome_at"]
    if recorded:
        if recorded < datetime(2000, 1, 1):
            yield "recorded too early"
        if recorded.date() > day:
            yield "recorded after the extract"
        if times["reported_at"] and times["reported_at"] > recorded:
            yield "reported after recorded"
        if start and start > recorded:
            yield "committed after recorded"
        if outcome and outcome < recorded:
            yield "outcome before recorded"
    if start and times["committed_to"] and times["committed_to"] < start:
        yield "span reversed"
    if outcome and row["outcome_code"] == "21" and outcome < datetime(2016, 1, 1):
        yield "outcome 21 too early"
    if outcome and row["outcome_code"] == "22" and outcome < datetime(2019, 4, 1):
        yield "outcome 22 too early"


LISTS = {
    "status": "recorded cancelled transferred",
    "premises_type": "licensed retail office hotel gym transport dwelling street public_building other",
    "outcome_code": "1 1A 2 2A 3 3A 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22",
    "victim_type": "public staff police_officer emergency_worker custody_officer business",
    "circumstance": "staff_victim domestic colleagues by_staff road_rage other",
}


def breaks(row: Row, day: date) -> set[str]:
    """The critical rules that a row breaks on its own, read from the specification and not from the contract."""
    broken = {*classified(row), *timed(row, day)}
    if not re.fullmatch(r"[A-Z0-9][A-Z0-9/-]{4,24}", row["crime_number"]):
        broken.add(f"number {'malformed' if row['crime_number'] else 'missing'}")
    if not row["status"]:
        broken.add("status missing")
    for column, values in LISTS.items():
        if row[column] and row[column] not in values.split():
            broken.add(f"{column} {'no code' if ' ' in row[column] else 'unknown'}")
    if " " in row["operation"]:
        broken.add("operation no code")
    if bool(row["easting"]) != bool(row["northing"]):
        broken.add("half a coordinate")
    for column in ("easting", "northing"):
        if not re.fullmatch(r"\d*", row[column]):
            broken.add(f"{column} no number")
    for column in ("alcohol", "domestic_abuse", "drugs"):
        if row[column] not in ("", "Y", "N"):
            broken.add(f"{column} no flag")
    return broken


ALL_WAYS = {
    *("number missing", "number malformed", "status missing", "status unknown", "status no code"),
    *("class missing", "class no code", "class unknown", "class not recordable", "class not valid"),
    *("sub-code no code", "sub-code unknown", "sub-code not valid"),
    *("recorded_at missing", "recorded_at no time", "recorded too early", "recorded after the extract"),
    *("reported_at no time", "reported after recorded", "committed_from no time", "committed_to no time"),
    *("span reversed", "committed after recorded", "half a coordinate", "easting no number", "northing no number"),
    *("premises_type unknown", "premises_type no code", "outcome_code unknown", "outcome_code no code"),
    *("outcome_at no time", "outcome before recorded", "outcome 21 too early", "outcome 22 too early"),
    *("alcohol no flag", "domestic_abuse no flag", "drugs no flag", "operation no code"),
    *("victim_type unknown", "victim_type no code", "circumstance unknown", "circumstance no code"),
}


def differing_numbers(rows: list[Row]) -> set[str]:
    """Numbers that stand in a file with different content."""
    loaded = [column for column in COLUMNS if column not in PERSONAL]
    contents: defaultdict[str, set[tuple[str, ...]]] = defaultdict(set)
    for row in rows:
        contents[row["crime_number"]].add(tuple(row[column] for column in loaded))
    return {number for number, different in contents.items() if number and len(different) > 1}


class TestTheFiles:
    """Which files there are, and that they are always the same."""

    def test_same_arguments_give_the_same_bytes_and_another_seed_gives_others(self, tmp_path: Path) -> None:
        for name, seed in (("first", 1), ("again", 1), ("other", 2)):
            write_crimes(tmp_path / name, seed=seed, scale=0.05)
        first, again, other = (files_below(tmp_path / name) for name in ("first", "again", "other"))
        assert first == again
        assert first.keys() == other.keys()
        assert all(first[path] != other[path] for path in first)

    def test_returns_the_files_it_wrote_in_order(self, tmp_path: Path) -> None:
        written = write_crimes(tmp_path, scale=0.01)
        assert written == sorted(path for path in tmp_path.rglob("*") if path.is_file())

    def test_later_date_adds_files_and_leaves_the_others_alone(self, tmp_path: Path) -> None:
        write_crimes(tmp_path / "earlier", scale=0.1, through=date(2018, 9, 30))
        write_crimes(tmp_path / "later", scale=0.1)
        earlier, later = files_below(tmp_path / "earlier"), files_below(tmp_path / "later")
        assert "again/crimes_2018-05-07.csv" in earlier
        assert max(earlier) == "crimes_2018-09-07.csv"
        assert {path: later[path] for path in earlier} == earlier

    @pytest.mark.parametrize(
        ("through", "last"),
        [
            ("2016-04-06", None),
            ("2016-04-07", "2016-04-07"),
            ("2018-02-18", "2018-01-07"),
            ("2018-02-19", "2018-02-19"),
            ("2017-09-20", "2017-09-07"),
            ("2017-09-21", "2017-09-21"),
            ("2019-09-06", "2019-08-07"),
            ("2019-09-09", "2019-09-07"),
            ("2019-09-10", "2019-09-10"),
            ("2030-01-01", "2023-03-07"),
        ],
    )
    def test_nothing_is_current_to_a_day_after_the_one_asked_for(self, through: str, last: str | None) -> None:
        assert [str(day) for day in extract_days(date.fromisoformat(through))[-1:]] == ([last] if last else [])

    def test_arrivals(self, files: dict[str, bytes]) -> None:
        months = [f"{year}-{month:02d}" for year in range(2016, 2020) for month in range(1, 13)][3:45]
        monthly = {f"crimes_{month}-07.csv" for month in months} - {"crimes_2018-02-07.csv"}
        special = {
            REJECTED,
            LATE,
            "crimes_2017-09-21.csv",
            "crimes_2019-09-10.csv",
            "crimes_2018-10-07_r2.csv",
            "again/crimes_2018-05-07.csv",
        }
        assert files.keys() == monthly | special

    def test_header_is_the_columns_of_the_contract(self, files: dict[str, bytes]) -> None:
        headers = {path: content.split(b"\n")[0].decode().split(",") for path, content in files.items()}
        assert headers.pop(LATE) == [*COLUMNS, "officer_in_case"]
        rejected = headers.pop(REJECTED)
        assert [column for column in COLUMNS if column not in rejected] == ["recorded_at"]
        assert all(header == COLUMNS for header in headers.values())

    def test_second_sending_and_corrected_extract(self, files: dict[str, bytes]) -> None:
        assert files["again/crimes_2018-05-07.csv"] == files["crimes_2018-05-07.csv"]
        short, whole = (read(name, files[name]) for name in (CUT_SHORT, "crimes_2018-10-07_r2.csv"))
        assert len(short.sound) < 0.9 * len(whole.sound)
        text = files["crimes_2018-10-07_r2.csv"].decode()
        mistyped_in_the_whole = [row for row in short.sound if f"\n{row['crime_number']}," not in text]
        assert len(mistyped_in_the_whole) < 4
        assert max(row["recorded_at"] for row in short.rows) < "2018-09-29"
        assert max(row["recorded_at"] for row in whole.sound) > "2018-10-07"

    def test_scale_multiplies_the_rows(self, files: dict[str, bytes], tmp_path: Path) -> None:
        for scale in (0.001, 0.3, 3.0):
            write_crimes(tmp_path / str(scale), scale=scale)
        lines = {
            scale: sum(content.count(b"\n") - 1 for content in files_below(tmp_path / str(scale)).values())
            for scale in (0.001, 0.3, 3.0)
        }
        usual = sum(content.count(b"\n") - 1 for content in files.values())
        assert 53_000 < usual < 59_000
        assert lines[0.3] == pytest.approx(0.3 * usual, rel=0.03)
        assert lines[3.0] == pytest.approx(3 * usual, rel=0.01)
        assert 0 < lines[0.001] < 150


class TestTheCrimes:
    """Volumes, categories, seasons, places and hours."""

    def test_volumes_are_those_of_2017_18(self, newest: list[Row]) -> None:
        counted = [row for row in newest if row["status"] == "recorded"]
        year = [row for row in counted if "2017-04" <= row["recorded_at"] < "2018-03"]
        months = 11  # in March 2018 the number rises
        assert len(year) == pytest.approx(5870 * months / 12, rel=0.03)
        classes = Counter(row["class_code"] for row in year)
        published = {"49": 1412, "46": 738, "39": 610, "44": 367, "105A": 352, "8N": 334, "30C": 242, "9A": 186}
        for class_code, count in published.items():
            assert classes[class_code] == pytest.approx(count * months / 12, rel=0.15), class_code

    def test_2019_has_a_third_more_than_2018(self, newest: list[Row]) -> None:
        months = Counter(row["recorded_at"][:7] for row in newest)
        before, after = (sum(months[f"{year}-{month:02d}"] for month in range(4, 8)) for year in (2018, 2019))
        assert after / before == pytest.approx(1.37, rel=0.06)

    def test_seasons(self, newest: list[Row]) -> None:
        thefts = Counter(row["recorded_at"][5:7] for row in newest if row["class_code"] == "44")
        summer, winter = (sum(thefts[month] for month in months) for months in (("07", "08", "09"), ("01", "02", "03")))
        assert summer > 1.5 * winter

    def test_hours_and_days(self, newest: list[Row]) -> None:
        starts = [(row, start) for row in newest if (start := when(row["committed_from"]))]
        violence = [start for row, start in starts if row["class_code"] in ("8N", "105A", "5D", "34B", "20A")]
        nightly = [start for start in violence if start.hour >= 18 or start.hour < 6]
        assert 0.55 < len(nightly) / len(violence) < 0.70
        nights = Counter((start - timedelta(hours=6)).isoweekday() for start in nightly)
        assert {night for night, _ in nights.most_common(3)} == {4, 5, 6}
        shoplifting = [start for row, start in starts if row["class_code"] == "46"]
        assert sum(8 <= start.hour < 20 for start in shoplifting) > 0.9 * len(shoplifting)
        days = Counter(start.isoweekday() for _, start in starts)
        assert [day for day, _ in days.most_common()][:2] in ([4, 5], [5, 4])
        assert {day for day, _ in days.most_common()[-2:]} == {6, 7}

    def test_no_time_lies_in_the_hour_that_the_clocks_skip(self, newest: list[Row]) -> None:
        changes = ("2013-03-31", "2014-03-30", "2015-03-29", "2016-03-27", "2017-03-26", "2018-03-25", "2019-03-31")
        times = [row[column] for row in newest for column in ("committed_from", "committed_to", "recorded_at")]
        on_those_days = [time for time in times if time.startswith(changes)]
        assert len(on_those_days) > 50
        assert not [time for time in on_those_days if time[11:13] == "01"]

    def test_times_are_in_order_and_some_not_known(self, newest: list[Row]) -> None:
        spans: list[timedelta] = []
        for row in newest:
            known = [row[column] for column in ("committed_from", "committed_to", "reported_at", "recorded_at")]
            times = [time for text in known if (time := when(text))]
            assert times == sorted(times)
            if row["committed_from"] and row["committed_to"]:
                spans.append(times[1] - times[0])
        assert min(spans) == timedelta(0)
        assert max(spans) > timedelta(weeks=3)
        assert 0.10 < np.mean([span > timedelta(hours=6) for span in spans]) < 0.30
        blanks = {column: np.mean([not row[column] for row in newest]) for column in COLUMNS}
        assert blanks["reported_at"] == pytest.approx(0.01, abs=0.003)
        assert blanks["committed_from"] == pytest.approx(0.02, abs=0.004)
        assert blanks["committed_to"] == pytest.approx(0.10, abs=0.01)

    def test_recording_follows_the_report(self, newest: list[Row]) -> None:
        delays = [
            recorded - reported
            for row in newest
            if (recorded := when(row["recorded_at"])) and (reported := when(row["reported_at"]))
        ]
        assert np.mean([delay <= timedelta(days=1) for delay in delays]) == pytest.approx(0.94, abs=0.01)

    def test_some_assaults_were_committed_before_the_half_year_they_count_in(self, newest: list[Row]) -> None:
        before = [
            row["committed_from"] < (f"{row['recorded_at'][:4]}-0{1 if row['recorded_at'][5:7] < '07' else 7}")
            for row in newest
            if row["class_code"] in ("8N", "105A", "5D") and row["committed_from"]
        ]
        assert np.mean(before) == pytest.approx(0.036, abs=0.01)

    def test_places(self, newest: list[Row]) -> None:
        named = {row["ward"] for row in newest}
        assert WARDS | {"Bridge and Bridge Without", ""} <= named
        hottest = Counter(row["street"] for row in newest if row["class_code"] == "8N").most_common(1)
        assert hottest[0][0] == "Bishopsgate"
        placed = [(int(row["easting"]), int(row["northing"])) for row in newest if row["easting"]]
        inside = [530_960 < east < 533_850 and 180_400 < north < 182_210 for east, north in placed]
        assert 0.985 < np.mean(inside) < 0.997
        assert 0.90 < len(placed) / len(newest) < 0.93
        assert {row["premises_type"] for row in newest} == {*LISTS["premises_type"].split(), ""}

    def test_methods_and_operations(self, newest: list[Row]) -> None:
        tags = Counter(tag for row in newest for tag in row["method_tags"].split(";"))
        assert {
            "distraction",
            "pickpocket",
            "gym",
            "moped_snatch",
            "pedal_cycle_snatch",
            "bag_licensed_premises",
        } < set(tags)
        tundra = [row for row in newest if row["operation"]]
        assert {(row["operation"], row["method_tags"]) for row in tundra} >= {("TUNDRA", "bag_licensed_premises")}
        assert min(row["recorded_at"] for row in tundra) >= "2018-05"
        assert {row["circumstance"] for row in newest} == {*LISTS["circumstance"].split(), ""}
        assert {row["victim_type"] for row in newest} == {*LISTS["victim_type"].split(), ""}


class TestWhatHappensToRecords:
    """Late recording, reclassification, cancellation and the rest, as the extracts tell them."""

    def test_late_recording(self, histories: dict[str, list[tuple[date, Row]]]) -> None:
        days = extract_days(date(2019, 9, 10))
        late = [
            states[0][0] > min(day for day in days if str(day)[:7] > states[0][1]["recorded_at"][:7])
            for states in histories.values()
            if "2016-04" <= states[0][1]["recorded_at"] < "2019-05"
        ]
        assert np.mean(late) == pytest.approx(0.04, abs=0.006)

    def test_reclassification(self, histories: dict[str, list[tuple[date, Row]]]) -> None:
        moved = [
            len({(row["class_code"], row["sub_code"]) for _, row in states}) > 1
            for states in histories.values()
            if "2016-04" <= states[0][1]["recorded_at"] < "2019-04"
        ]
        assert np.mean(moved) == pytest.approx(0.015, abs=0.004)

    def test_cancellation_and_its_undoing(self, histories: dict[str, list[tuple[date, Row]]]) -> None:
        old_enough = [states for states in histories.values() if states[0][1]["recorded_at"] < "2019-04"]
        courses = Counter(
            tuple(
                row["status"]
                for (_, before), (_, row) in pairwise([states[0], *states])
                if before["status"] != row["status"]
            )
            for states in old_enough
        )
        statuses = [{row["status"] for _, row in states} for states in old_enough]
        assert np.mean(["cancelled" in status for status in statuses]) == pytest.approx(0.02, abs=0.003)
        assert np.mean(["transferred" in status for status in statuses]) == pytest.approx(0.006, abs=0.002)
        undone = courses[("cancelled", "recorded")]
        assert undone / (undone + courses[("cancelled",)]) == pytest.approx(0.1, abs=0.06)

    def test_outcomes_arrive_later(self, histories: dict[str, list[tuple[date, Row]]]) -> None:
        later = [
            not states[0][1]["outcome_code"] and bool(states[-1][1]["outcome_code"])
            for states in histories.values()
            if "2016-04" <= states[0][1]["recorded_at"] < "2019-01"
        ]
        assert np.mean(later) > 0.25
        settled = [
            bool(states[-1][1]["outcome_code"]) for states in histories.values() if states[0][1]["recorded_at"] < "2018"
        ]
        assert np.mean(settled) == pytest.approx(0.88, abs=0.02)

    def test_record_moves_month_and_class_at_once(self, histories: dict[str, list[tuple[date, Row]]]) -> None:
        moves = Counter(
            (before["recorded_at"][:7] != after["recorded_at"][:7], before["class_code"] != after["class_code"])
            for states in histories.values()
            for (_, before), (_, after) in pairwise(states)
        )
        assert moves[True, False] > 20
        assert moves[True, True] > 5

    def test_record_is_sent_again_as_it_was(self, histories: dict[str, list[tuple[date, Row]]]) -> None:
        same = [before == after for states in histories.values() for (_, before), (_, after) in pairwise(states)]
        assert 200 < sum(same) < 1000

    def test_extract_holds_nothing_that_was_known_before(self, extracts: list[Extract]) -> None:
        for before, extract in pairwise(extracts):
            fresh = {row["crime_number"] for row in extract.sound if row["recorded_at"][:10] > str(before.day)}
            assert 0.4 < len(fresh) / len(extract.sound) < 0.8


class TestMistakes:
    """Rows that must not be loaded, rows that deserve a warning, and that all others are sound."""

    def test_every_way_to_break_a_critical_rule(self, extracts: list[Extract]) -> None:
        broken = Counter(way for extract in extracts for row in extract.rows for way in breaks(row, extract.day))
        assert broken.keys() == ALL_WAYS
        assert sum(extract.malformed for extract in extracts) > 3
        assert sum(len(differing_numbers(extract.rows)) for extract in extracts) >= 2

    def test_shares(self, extracts: list[Extract]) -> None:
        rows = [(row, extract.day) for extract in extracts for row in extract.rows]
        bad = sum(bool(breaks(row, day)) for row, day in rows) + sum(extract.malformed for extract in extracts)
        assert bad / len(rows) == pytest.approx(0.003, rel=0.25)
        warnings = Counter(warning(row) for row, _ in rows)
        assert warnings.keys() == {None, "ward", "coordinate", "tag", "outcome"}
        assert 1 - warnings[None] / len(rows) == pytest.approx(0.02, rel=0.15)

    def test_half_of_the_mistakes_come_right_in_the_next_extract(self, extracts: list[Extract]) -> None:
        corrected = [
            row["crime_number"] in {other["crime_number"] for other in after.sound}
            for before, after in pairwise(extracts)
            for row in before.rows
            if breaks(row, before.day) and re.fullmatch("SAMPLE/.*", row["crime_number"])
        ]
        assert 0.4 < np.mean(corrected) < 0.7

    def test_copies_in_a_file(self, extracts: list[Extract]) -> None:
        copies = sum(
            count - 1 for extract in extracts for count in Counter(tuple(row.values()) for row in extract.rows).values()
        )
        assert copies == pytest.approx(0.001 * sum(len(extract.rows) for extract in extracts), rel=0.5)


def warning(row: Row) -> str | None:
    """Which warning a row deserves, if any."""
    if row["ward"] not in {*WARDS, "Bridge and Bridge Without", ""}:
        return "ward"
    if re.fullmatch(r"\d+", row["easting"]) and not 530_460 <= int(row["easting"]) <= 534_350:
        return "coordinate"
    if "dipping" in row["method_tags"]:
        return "tag"
    return "outcome" if bool(row["outcome_code"]) != bool(row["outcome_at"]) else None


class TestPeople:
    """Nobody in the sample is real, and every personal value can be recognised."""

    def test_every_personal_value_holds_a_marker(self, extracts: list[Extract]) -> None:
        seen: Counter[str] = Counter()
        for extract in extracts:
            for row in extract.rows:
                for column in PERSONAL:
                    if row[column]:
                        assert any(marker in row[column] for marker in PERSONAL_MARKERS)
                        seen[column] += 1
        assert set(seen) == set(PERSONAL)
        assert min(seen.values()) > 1000

    def test_no_other_value_of_a_sound_row_holds_one(self, extracts: list[Extract]) -> None:
        others = "\n".join(
            value
            for extract in extracts
            for row in extract.sound
            for column, value in row.items()
            if column not in (*PERSONAL, "officer_in_case")
        )
        assert not any(marker in others for marker in PERSONAL_MARKERS)

    def test_births_are_dates_that_nobody_alive_can_have(self, newest: list[Row]) -> None:
        births = {row["victim_date_of_birth"] for row in newest} - {""}
        assert {date.fromisoformat(birth).year for birth in births} == {1801}


class TestDraws:
    """Chance without a stream."""

    def test_bits_are_those_of_splitmix64(self) -> None:
        from flows.sample import draws

        assert draws._mixed(np.zeros(1, dtype=np.uint64)).tolist() == [0xE220A8397B1DCDAF]

    def test_choice_keeps_its_shares(self) -> None:
        bits = np.arange(65_536, dtype=np.uint64) << np.uint64(48)
        picked = Choice((1, 0, 2, 1), (0, 0, 0, 7)).pick(bits, np.zeros(65_536, dtype=np.int64))
        assert np.bincount(picked).tolist() == [16_384, 0, 32_768, 16_384]
        assert set(Choice((1, 1), (0, 1)).pick(bits, 1).tolist()) == {1}

    def test_draws_of_some_are_those_among_all(self) -> None:
        draws = Draws(1, np.arange(1000))
        some = np.array([999, 3, 500])
        assert draws.at(some).below("anything", 1_000_000).tolist() == draws.below("anything", 1_000_000)[some].tolist()
        assert len(np.unique(draws.bits("anything"))) == 1000
        assert not np.array_equal(draws.bits("anything"), draws.bits("something"))
        assert not np.array_equal(draws.bits("anything"), Draws(2, np.arange(1000)).bits("anything"))

    def test_numbers_stay_below_their_limit(self) -> None:
        numbers = Draws(1, np.arange(100_000)).below("number", 7)
        assert np.bincount(numbers).tolist() == pytest.approx([100_000 / 7] * 7, rel=0.05)
        assert not Draws(1, np.arange(10)).below("nothing", 0).any()
        assert Draws(1, np.arange(100_000)).happens("rarely", 3).mean() == pytest.approx(0.003, rel=0.2)


def test_sample_uses_nothing_of_the_pipeline_but_contracts() -> None:
    """The generator and the marts share no code and no table of figures."""
    imported: set[str] = set()
    for path in Path(sample.__file__).parent.glob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert "dbt_project" not in text
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("flows"):
                imported.add(node.module)
    assert {name for name in imported if not name.startswith("flows.sample")} == {"flows.contracts", "flows.errors"}
