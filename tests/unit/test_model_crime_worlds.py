"""The random worlds of crimes: what they promise to hold, and that the model adds up on them."""

import csv
import gzip
import io
from collections import Counter
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from tests.model.changes import Delivery
from tests.model.crime_files import HEADER
from tests.model.crime_measures import MEASURES, PROFILED_THEMES, THEMES, Crime
from tests.model.crime_worlds import is_valid, world
from tests.model.crimes import Model
from tests.model.performance import CAUSES
from tests.model.record_files import time_as_text
from tests.model.record_worlds import LAST_EXTRACT, Drop, deliveries, write


def rows_of(drop: Drop) -> list[dict[str, str]]:
    """What is in a file, by header as the contract spells it."""
    content = gzip.decompress(drop.content) if drop.path.endswith(".gz") else drop.content
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252")
    rows = csv.DictReader(io.StringIO(text, newline=""))
    return [{header.lower().replace(" ", "_"): value for header, value in row.items()} for row in rows]


@pytest.mark.parametrize("seed", range(15))
def test_the_model_adds_up_in_any_order(seed: int) -> None:
    drops = world(seed)
    model = Model(deliveries(drops))
    for each in model.deliveries():
        if each["received"] is not None:
            assert each["received"] == each["accepted"] + each["quarantined"] + each["rejected"]
        assert each["extract_date"] <= LAST_EXTRACT
        if each["state"] == "loaded":
            assert each["accepted"] == each["loaded"] + each["unchanged"]
    assert sum(each["loaded"] for each in model.deliveries()) == len(model.crime_versions())
    for each in model.restatements():
        if each["first_published"]:
            assert {each[cause] for cause in CAUSES} == {None}
        else:
            assert each["change"] == each["offences"] - each["previous_offences"] != 0
            assert each["change"] == sum(each[cause] for cause in CAUSES)

    again = Model(Random(seed).sample(deliveries(drops), len(deliveries(drops))))
    assert sorted(map(str, again.deliveries())) == sorted(map(str, model.deliveries()))
    assert again.crime_versions() == model.crime_versions()
    assert again.restatements() == model.restatements()


@pytest.mark.parametrize("seed", range(15))
def test_the_last_restatement_is_the_count_and_details_sum_to_it(seed: int) -> None:
    model = Model(deliveries(world(seed)))
    restated = {
        (each["force"], each["measure"], each["month"]): each["offences"]
        for each in sorted(model.restatements(), key=lambda each: each["extract_date"])
    }
    for theme in THEMES:
        for each in model.performance(theme):
            key = (each["force"], each["measure"], each["month"])
            if each["coverage"] != "missing" and key in restated:
                assert restated[key] == each["offences"]
    for theme in PROFILED_THEMES:
        timed: Counter[tuple[object, ...]] = Counter()
        for each in model.temporal(theme):
            timed[each["force"], each["measure"], each["month"]] += each["offences_by_start"]
        for each in model.untimed(theme):
            timed[each["force"], each["measure"], each["month"]] += each["untimed"]
        counts = {
            (each["force"], each["measure"], each["month"]): each["offences"]
            for each in model.performance(theme)
            if each["offences"]
        }
        assert timed == counts


def test_accepted_rows_break_no_rule() -> None:
    for seed in range(60):
        for delivery in deliveries(world(seed)):
            for crime in delivery.rows:
                assert breaks(crime, delivery) == [], crime


def breaks(crime: Crime, delivery: Delivery[Crime]) -> list[str]:
    """The rules of the contract that an accepted row of a world might break."""
    after_extract = datetime(*delivery.extract_date.timetuple()[:3]) + timedelta(days=1)
    times = (crime.reported_at, crime.committed_from)
    sound = {
        "offence": is_valid(crime.class_code, crime.sub_code, crime.recorded_at.date()),
        "recorded": datetime(2000, 1, 1) <= crime.recorded_at < after_extract,
        "before": all(moment is None or moment <= crime.recorded_at for moment in times),
        "span": not (crime.committed_from and crime.committed_to) or crime.committed_from <= crime.committed_to,
        "place": (crime.easting is None) == (crime.northing is None),
        "outcome": (crime.outcome_code is None) == (crime.outcome_at is None),
        "outcome after": crime.outcome_at is None or crime.outcome_at >= crime.recorded_at,
    }
    return [rule for rule, is_kept in sound.items() if not is_kept]


def test_files_hold_the_rows_of_their_deliveries(tmp_path: Path) -> None:
    for seed in range(20):
        drops = world(seed)
        assert drops == world(seed)
        assert [drop.path for drop in drops] == sorted((drop.path for drop in drops), key=str.encode)
        assert len({drop.path for drop in drops}) == len(drops)
        write(drops, tmp_path / str(seed))
        for drop in drops:
            assert (tmp_path / str(seed) / drop.path).read_bytes() == drop.content
            if not drop.delivery or drop.delivery.is_rejected:
                continue
            rows = rows_of(drop)
            assert len(rows) == len(drop.delivery.rows) + drop.delivery.quarantined
            assert not rows or set(HEADER) <= set(rows[0])
            numbers = Counter(row["crime_number"].strip() for row in rows)
            assert not Counter(crime.crime_number for crime in drop.delivery.rows) - numbers


def test_worlds_hold_what_they_promise() -> None:
    restated: Counter[str] = Counter()
    states: Counter[str] = Counter()
    figures: Counter[str] = Counter()
    counted: set[str] = set()
    spans: set[timedelta] = set()
    for seed in range(70):
        drops = world(seed)
        model = Model(deliveries(drops))
        states.update(each["state"] for each in model.deliveries())
        states.update(each["state"] for each in model.coverage())
        figures["repeats"] += sum(drop.delivery is None for drop in drops)
        figures["forces"] += len({delivery.force for delivery in deliveries(drops)}) == 2
        figures["unread"] += sum(each["received"] is None for each in model.deliveries())
        figures["no rows"] += sum(each["received"] == 0 for each in model.deliveries())
        figures["unchanged"] += sum(each["unchanged"] for each in model.deliveries())
        figures["profiles"] += len(model.violence_profile())
        figures["methods"] += len(model.acquisitive_methods())
        figures["operations"] += len(model.acquisitive_operations())
        restated.update(name for each in model.restatements() for name, value in each.items() if value)
        for theme in THEMES:
            counted |= {each["measure"] for each in model.performance(theme) if each["offences"]}
        for each in model.crime_versions():
            if each["committed_from"] and each["committed_to"]:
                spans.add(each["committed_to"] - each["committed_from"])
    assert min(states[name] for name in ("rejected", "superseded", "complete", "partial", "missing")) >= 5
    assert min(figures.values()) >= 5, figures
    causes = ("recorded_late", "reinstated", "date_changed_in", "reclassified_in")
    assert min(restated[name] for name in (*causes, "cancelled", "date_changed_out", "reclassified_out")) >= 50
    assert counted == set(MEASURES)
    week, second = timedelta(weeks=1), timedelta(seconds=1)
    assert {timedelta(0), week - second, week, week + second} <= spans


@pytest.mark.parametrize(
    ("moment", "time_format", "text"),
    [
        (datetime(2019, 7, 1, 12, 30), "%d/%m/%Y %H:%M:%S", "01/07/2019 12:30"),
        (datetime(2019, 7, 1, 12, 30, 5), "%Y-%m-%dT%H:%M:%S", "2019-07-01T12:30:05"),
        (datetime(2019, 7, 1, 0, 30), "utc", "2019-06-30 23:30:00Z"),
        (datetime(2019, 1, 1, 0, 30), "offset", "2019-01-01T00:30:00+00:00"),
        (datetime(2019, 7, 1, 0, 30), "offset", "2019-07-01T00:30:00+01:00"),
        (datetime(2019, 3, 31, 1, 30), "offset", "2019-03-31 01:30"),  # a time that was skipped
        (datetime(2019, 10, 27, 1, 30), "utc", "2019-10-27 01:30"),  # a time that came twice
    ],
)
def test_times_as_text(moment: datetime, time_format: str, text: str) -> None:
    assert time_as_text(moment, time_format) == text


def test_no_class_is_taken_on_a_day_when_it_is_not_valid() -> None:
    assert is_valid("28A", None, date(2017, 3, 31))
    assert not is_valid("28A", None, date(2017, 4, 1))
    assert is_valid("9A", "125/12", date(2023, 12, 31))
    assert not is_valid("9A", "125/12", date(2024, 1, 1))
    assert not is_valid("8N", "105/01", date(2019, 1, 1))
    assert is_valid("72", "105/01", date(2019, 1, 1))  # a class without pairs takes any sub-code
    assert not is_valid("AF", None, date(2019, 1, 1))
