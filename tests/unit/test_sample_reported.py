"""What two reports published about the force holds in the sample, as of their days and with any seed.

Expected values are those of the reports. What each source knows on a day is taken before any mistake is made in its
rows; that no mistake takes a counted crime away has a test of its own.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from flows.contracts import CONTRACTS_DIR, load_contract
from flows.sample import SOURCES
from flows.sample.crime_layout import filled_up, lay_out, number_of
from flows.sample.crime_records import make_records
from flows.sample.crimes import extract_days, write_crimes
from flows.sample.crimes_reported import DEALT, KIND_OF, LAID_OUT, Dealt, Kind, Then
from flows.sample.deals import Deal, dealt, grid
from flows.sample.draws import Draws
from flows.sample.extracts import lines
from flows.sample.laid_out import Fact, Layout, in_proportion
from flows.sample.records import Pattern, history_of, in_months
from flows.sample.spelling import DAY, day_number

MAY_REPORT, JUNE_REPORT, JULY_REPORT = date(2019, 6, 7), date(2019, 7, 7), date(2019, 8, 7)
LAST_DAY = date(2019, 9, 10)

Row = dict[str, str]
any_seed = pytest.mark.parametrize("seed", [1, 2])


@cache
def crimes(seed: int, day: date) -> list[Row]:
    """The crimes that count as known on a day."""
    records = make_records(seed, 1.0, LAST_DAY)
    rows = records.rows(np.flatnonzero(records.history.known <= day_number(day)), day)
    everything = [dict(zip(rows, values, strict=True)) for values in zip(*rows.values(), strict=True)]
    return [row for row in everything if row["status"] == "recorded"]


@cache
def known(source: str, seed: int, day: date) -> list[Row]:
    """The records of another source as known on a day."""
    records = next(each for each in SOURCES if each.name == source).records(seed, 1.0, LAST_DAY)
    rows = records.rows(np.flatnonzero(records.history["known"] <= day_number(day)), day)
    return [dict(zip(rows, values, strict=True)) for values in zip(*rows.values(), strict=True)]


def of(rows: Iterable[Row], *kinds: Kind) -> list[Row]:
    return [row for row in rows if KIND_OF.get(row["class_code"]) in kinds]


def violence(rows: Iterable[Row]) -> list[Row]:
    return of(rows, Kind.ASSAULT, Kind.SEXUAL, Kind.OTHER_VIOLENCE)


def acquisitive(rows: Iterable[Row]) -> list[Row]:
    return of(rows, Kind.BURGLARY, Kind.THEFT)


def by_month(rows: Iterable[Row], first: str, last: str) -> list[int]:
    """How many are recorded in each month from the first to the last, which are in the same year."""
    counts = Counter(row["recorded_at"][:7] for row in rows)
    return [counts[f"{first[:5]}{month:02d}"] for month in range(int(first[5:]), int(last[5:]) + 1)]


def within(rows: Iterable[Row], column: str, first: str, last: str, **values: str) -> list[Row]:
    """Those dated between two days, both included, that have the values."""
    return [row for row in rows if first <= row[column][:10] <= last and values.items() <= row.items()]


def began(rows: Iterable[Row]) -> list[datetime]:
    return [datetime.fromisoformat(row["committed_from"]) for row in rows]


def is_at_night(time: datetime) -> bool:
    return time.hour >= 18 or time.hour < 6


def busiest(values: Iterable[int | str], number: int) -> set[int | str]:
    """The values that occur most; the next one occurs less often."""
    ranked = Counter(values).most_common(number + 1)
    assert len(ranked) <= number or ranked[number][1] < ranked[number - 1][1], ranked
    return {value for value, _ in ranked[:number]}


class TestCrimesAsOfTheReports:
    """The same months as three reports knew them."""

    @any_seed
    @pytest.mark.parametrize(
        ("what", "is_it", "expected"),
        [
            ("violence", violence, ([115, 78], [116, 84, 132], [116, 84, 135, 122])),
            ("acquisitive crime", acquisitive, ([497, 446], [500, 446, 537], [500, 447, 547, 478])),
            ("public order", lambda rows: of(rows, Kind.PUBLIC_ORDER), ([45, 29], [45, 29, 31], [45, 29, 35, 53])),
            ("105/01", None, ([40, 28], [40, 31, 57], [40, 31, 58, 31])),
            ("008/06", None, ([25, 19], [25, 20, 9], [25, 20, 10, 21])),
            ("008/01", None, ([0, 1], [0, 1, 6], [0, 1, 5, 0])),
            ("105/04", None, ([0, 0], [0, 0, 0], [0, 0, 1, 6])),
            ("125/11", None, ([15, 9], [15, 9, 11], [15, 9, 10, 16])),
            ("125/09", None, ([14, 9], [14, 9, 8], [14, 9, 11, 14])),
            ("125/12", None, ([6, 4], [6, 4, 1], [6, 4, 1, 6])),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_counts(
        self,
        seed: int,
        what: str,
        is_it: Callable[[list[Row]], list[Row]] | None,
        expected: tuple[list[int], list[int], list[int]],
    ) -> None:
        last = {MAY_REPORT: "2019-05", JUNE_REPORT: "2019-06", JULY_REPORT: "2019-07"}
        for (day, month), counts in zip(last.items(), expected, strict=True):
            rows = crimes(seed, day)
            those = is_it(rows) if is_it else [row for row in rows if row["sub_code"] == what]
            assert by_month(those, "2019-04", month) == counts

    @any_seed
    def test_robberies(self, seed: int) -> None:
        june, july = crimes(seed, JUNE_REPORT), crimes(seed, JULY_REPORT)
        of_persons = [[row for row in rows if row["class_code"] == "34B"] for rows in (june, july)]
        assert by_month(of_persons[0], "2019-05", "2019-06") == [9, 17]
        assert by_month(of_persons[1], "2019-06", "2019-07") == [18, 12]
        assert by_month((row for row in july if row["class_code"] == "34A"), "2019-04", "2019-07") == [6, 1, 5, 2]

    @any_seed
    def test_assaults_of_two_half_years(self, seed: int) -> None:
        assaults = of(crimes(seed, JULY_REPORT), Kind.ASSAULT)
        window = [row for row in assaults if "2019-02" <= row["recorded_at"] < "2019-08"]
        assert len(window) == 308
        assert len([row for row in assaults if "2018-08" <= row["recorded_at"] < "2019-02"]) == 262
        assert sum((row["committed_to"] or row["committed_from"]) < "2019-02" for row in window) == 11
        times = began(window)
        nights = [time for time in times if is_at_night(time)]
        assert len(nights) == 186
        assert sum((time - timedelta(hours=6)).isoweekday() in (4, 5, 6) for time in nights) == 133
        assert sum(time.hour in (21, 22, 23, 0) for time in times) == 87
        assert busiest((time.hour for time in times), 8) == {15, 16, 20, 21, 22, 23, 0, 1}
        causes = [sum(row[cause] == "Y" for row in window) for cause in ("alcohol", "domestic_abuse", "drugs")]
        assert causes == sorted(set(causes), reverse=True)

    @any_seed
    def test_all_crime(self, seed: int) -> None:
        rows = crimes(seed, JULY_REPORT)
        assert by_month(rows, "2019-04", "2019-07") == [745, 621, 777, 723]
        assert by_month(rows, "2018-04", "2018-07") == [500, 570, 475, 547]
        counts = Counter(row["recorded_at"][:7] for row in rows)
        months = [f"{number // 12}-{number % 12 + 1:02d}" for number in range(2018 * 12 + 1, 2019 * 12 + 7)]
        above = [
            counts[month] > np.mean([counts[f"{int(month[:4]) - back}{month[4:]}"] for back in range(1, 6)])
            for month in months
        ]
        assert above == [False, *[True] * 17]  # from February 2018 on

    @any_seed
    def test_financial_years(self, seed: int) -> None:
        rows = crimes(seed, JULY_REPORT)

        def change(those: list[Row]) -> int:
            now, before = (sum(by_month(those, f"{year}-04", f"{year}-07")) for year in (2019, 2018))
            return round(100 * (now - before) / before)

        assert change(rows) == 37
        assert change(of(rows, Kind.SEXUAL)) == -26
        assert change(of(rows, Kind.BURGLARY)) == -3
        assert [change([row for row in rows if row["class_code"] == code]) for code in ("46", "39", "44")] == [
            27,
            38,
            3,
        ]

    @any_seed
    def test_violence_in_licensed_premises_in_2017(self, seed: int) -> None:
        rows = within(violence(crimes(seed, date(2017, 9, 21))), "recorded_at", "2017-04-01", "2017-06-30")
        assert sum(row["premises_type"] == "licensed" for row in rows) == 32


class TestDaysHoursAndPlaces:
    """What the reports say of when and where."""

    @any_seed
    def test_violence(self, seed: int) -> None:
        def of_month(day: date, month: str) -> list[Row]:
            return [row for row in violence(crimes(seed, day)) if row["recorded_at"].startswith(month)]

        def nights(rows: list[Row]) -> Iterable[int]:
            return ((time - timedelta(hours=6)).isoweekday() for time in began(rows) if is_at_night(time))

        may = of_month(MAY_REPORT, "2019-05")
        june, july = of_month(JUNE_REPORT, "2019-06"), of_month(JULY_REPORT, "2019-07")
        assert [busiest(nights(may), 2), busiest(nights(june), 3), busiest(nights(july), 2)] == [
            {4, 7},
            {4, 5, 6},
            {4, 5},
        ]
        hours = [busiest((time.hour for time in began(rows)), n) for rows, n in ((may, 2), (june, 2), (july, 3))]
        assert hours == [{23, 0}, {19, 22}, {21, 22, 23}]
        assert busiest((row["street"] for row in may if row["street"]), 1) == {"Bishopsgate"}
        assert busiest((row["ward"] for row in june if row["ward"]), 1) == {"Bishopsgate"}
        three = {"Bishopsgate", "King William Street", "Gracechurch Street"}
        assert busiest((row["street"] for row in july if row["street"]), 3) == three
        assert max(Counter(row["premises"] for row in june if row["premises"]).values()) == 1
        sexual = within(of(crimes(seed, JULY_REPORT), Kind.SEXUAL), "recorded_at", "2019-04-01", "2019-07-31")
        assert busiest(nights(sexual), 3) == {5, 6, 7}

    @any_seed
    def test_acquisitive_crime(self, seed: int) -> None:
        may, june, july = (
            [row for row in acquisitive(crimes(seed, day)) if row["recorded_at"].startswith(month)]
            for day, month in ((MAY_REPORT, "2019-05"), (JUNE_REPORT, "2019-06"), (JULY_REPORT, "2019-07"))
        )

        def percent(rows: list[Row], hours: Iterable[int], days: Iterable[int] = range(1, 8)) -> int:
            times = [time for time in began(rows) if time.hour in hours and time.isoweekday() in days]
            return round(100 * len(times) / len(rows))

        assert [percent(may, [18]), percent(may, [12, 13, 14]), percent(may, range(24), [4])] == [10, 36, 20]
        assert [percent(june, [12]), percent(june, [12, 13, 14]), percent(june, [18, 19, 20])] == [8, 28, 24]
        assert percent(june, range(24), [4]) == 20
        cells = busiest((time.isoweekday() * 100 + time.hour for time in began(july)), 19)
        assert cells == {day * 100 + hour for day in range(1, 6) for hour in (13, 14)} | {
            day * 100 + hour for day in (3, 4, 5) for hour in (20, 21, 22)
        }
        streets = [Counter(row["street"] for row in rows) for rows in (may, june)]
        assert [streets[0][name] for name in ("Bishopsgate", "Cheapside", "Fenchurch Street")] == [80, 62, 49]
        assert [streets[1][n] for n in ("Bishopsgate", "King William Street", "Gracechurch Street")] == [107, 43, 38]

    @any_seed
    def test_days_of_all_crime_and_nights_of_burglary(self, seed: int) -> None:
        rows = within(crimes(seed, JULY_REPORT), "recorded_at", "2019-04-01", "2019-07-31")
        timed = began(row for row in rows if row["committed_from"])
        ranked = [day for day, _ in Counter(time.isoweekday() for time in timed).most_common()]
        assert [set(ranked[:2]), set(ranked[-2:])] == [{4, 5}, {6, 7}]
        nights = [time for time in began(of(rows, Kind.BURGLARY)) if is_at_night(time)]
        assert busiest(((time - timedelta(hours=6)).isoweekday() for time in nights), 1) == {5}
        on_friday = [time for time in nights if (time - timedelta(hours=6)).isoweekday() == 5]
        assert sum(time.hour < 6 for time in on_friday) > len(on_friday) / 2

    @any_seed
    def test_public_order(self, seed: int) -> None:
        may, june, july = (
            began(row for row in of(crimes(seed, day), Kind.PUBLIC_ORDER) if row["recorded_at"].startswith(month))
            for day, month in ((MAY_REPORT, "2019-05"), (JUNE_REPORT, "2019-06"), (JULY_REPORT, "2019-07"))
        )
        assert busiest((time.isoweekday() for time in may), 2) == {4, 6}
        assert busiest((time.hour for time in may), 7) == {1, 8, 9, 10, 18, 19, 20}
        days, hours = Counter(time.isoweekday() for time in june), Counter(time.hour for time in june)
        assert [days[4], days[5], days[6], hours[20] + hours[21], hours[23]] == [6, 5, 5, 6, 3]
        assert busiest((time.isoweekday() for time in july), 1) == {5}
        assert busiest((time.hour for time in july), 6) == {12, 13, 17, 18, 23, 0}

    @any_seed
    def test_methods_and_operations(self, seed: int) -> None:
        for day, month, what, count in (
            (MAY_REPORT, "2019-05", "distraction", 50),
            (JUNE_REPORT, "2019-06", "distraction", 30),
            (JUNE_REPORT, "2019-06", "gym", 18),
            (JUNE_REPORT, "2019-06", "moped_snatch", 1),
            (JULY_REPORT, "2019-07", "distraction", 17),
            (JULY_REPORT, "2019-04", "distraction", 72),
            (JULY_REPORT, "2019-06", "TUNDRA", 55),
            (JULY_REPORT, "2019-07", "TUNDRA", 61),
            (JULY_REPORT, "2019-07", "HALYARD", 13),
        ):
            rows = [row for row in acquisitive(crimes(seed, day)) if row["recorded_at"].startswith(month)]
            found = sum(what in (*row["method_tags"].split(";"), row["operation"]) for row in rows)
            assert found == count, (month, what)


class TestOtherSources:
    """Incidents, actions and activities that the reports counted."""

    @any_seed
    def test_incidents(self, seed: int) -> None:
        rows = [row for row in known("asb_incidents", seed, LAST_DAY) if row["status"] != "cancelled"]
        months = Counter(row["created_at"][:7] for row in rows)
        assert [months[f"2019-{month:02d}"] for month in range(1, 8)] == [81, 98, 130, 117, 91, 105, 101]
        summer = within(rows, "created_at", "2019-05-01", "2019-07-31")
        categories = Counter(row["category"] for row in summer)
        expected = [("Inconsiderate Behaviour", 97), ("Begging/Vagrancy", 79), ("Drunken Behaviour", 45)]
        assert categories.most_common(3) == expected
        drunken = Counter(row["created_at"][:7] for row in summer if row["category"] == "Drunken Behaviour")
        assert busiest(drunken.elements(), 1) == {"2019-06"}
        times = [datetime.fromisoformat(row["occurred_at"] or row["created_at"]) for row in summer]
        days, bands = Counter(t.isoweekday() for t in times), Counter(t.hour // 3 * 3 for t in times)
        assert round(100 * (days[1] + days[3] + days[6]) / 297) == 46
        assert min(days, key=lambda day: days[day]) == 7
        assert bands.most_common(1)[0][0] == 15
        assert {band for band, _ in bands.most_common(3)} == {12, 15, 18}
        assert bands.most_common()[-1][0] == 3
        spring = within(known("asb_incidents", seed, date(2017, 9, 21)), "created_at", "2017-04-01", "2017-06-30")
        assert sum(row["licensed_premises"] == "Y" and row["status"] != "cancelled" for row in spring) == 84

    @any_seed
    def test_hubs_and_warnings(self, seed: int) -> None:
        rows = known("enforcement_actions", seed, LAST_DAY)
        hubs = [row for row in rows if row["programme"] == "luscombe"]
        stages = Counter(row["stage"] for row in hubs)
        assert stages == {"green": 164, "yellow": 53, "red": 26, "blue": 5, "cbo": 1}
        assert len({(row["hub_number"], row["hub_month"]) for row in hubs}) == 18
        march = Counter(row["stage"] for row in hubs if row["hub_number"] == "13")
        assert march == {"green": 8, "yellow": 3, "red": 5, "blue": 2}
        warned = within(rows, "issued_on", "2017-01-01", "2017-09-21", programme="alabama")
        assert Counter(row["instrument"] for row in warned) == {"cpw": 11, "cpn": 2}

    @any_seed
    def test_spring_of_2017(self, seed: int) -> None:
        spring, day = ("2017-04-01", "2017-06-30"), date(2017, 9, 21)
        visits = within(known("licensing_activities", seed, day), "held_on", *spring)
        types = Counter(row["activity_type"] for row in visits)
        assert types == {"visit": 449, "promoted_event": 225, "intervention": 13, "deployment": 11}
        assert all(row["risk_assessed"] == "Y" for row in visits if row["activity_type"] == "promoted_event")
        notices = Counter(row["offence"] for row in within(known("roads_enforcement", seed, day), "issued_at", *spring))
        assert [notices["mobile_phone"] + notices["seat_belt"], notices["speed_20mph"]] == [59, 131]
        checks = within(known("vehicle_checks", seed, day), "checked_at", *spring)
        taxis = [row for row in checks if row["programme"] == "public_carriage"]
        refused = Counter(row["vehicle_class"] for row in taxis if row["compliant"] == "N")
        assert [len(taxis), refused["hackney"], refused["phv"]] == [1555, 233, 264]
        operations = {(row["programme"], row["operation_ref"]) for row in checks}
        programmes = Counter(programme for programme, _ in operations)
        assert programmes == {"public_carriage": 18, "commercial_vehicle": 38}
        vans = [int(row["offences"]) for row in checks if row["vehicle_class"] == "lgv"]
        assert [len(vans), sum(vans)] == [353, 595]

    @any_seed
    def test_engagement(self, seed: int) -> None:
        rows = known("engagement_activities", seed, LAST_DAY)
        prevent = within(rows, "started_on", "2019-05-01", str(LAST_DAY), programme="prevent")
        types = Counter(row["activity_type"] for row in prevent)
        assert [types[kind] for kind in ("awareness_session", "meeting", "stall")] == [24, 19, 30]
        assert sum(int(row["days"]) for row in prevent if row["activity_type"] == "stall" and row["location"]) == 18
        planned = {row["started_on"] for row in rows if row["programme"] == "ct_local_profile"}
        assert {"2019-07-17", "2019-08-08", "2019-10-21", "2019-10-25"} <= planned
        summer = within(rows, "started_on", "2017-04-01", "2017-08-31")
        people = Counter[str]()
        for row in summer:
            people[row["programme"]] += int(row["attendance"] or 0)
        assert [people[name] for name in ("project_griffin", "project_argus", "ct_awareness")] == [274, 132, 1371]

    @any_seed
    def test_triage_bus_protests_and_referrals(self, seed: int) -> None:
        contacts = within(known("triage_contacts", seed, JULY_REPORT), "contact_at", "2018-07-01", "2019-06-30")
        flags = Counter((row["clinician_on_duty"], row["s136_considered"], row["s136_used"]) for row in contacts)
        assert [flags["Y", "Y", "N"], flags["Y", "Y", "Y"], flags["N", "Y", "Y"]] == [163, 47, 95]
        nights = within(known("support_bus_attendances", seed, LAST_DAY), "deployed_on", "2019-04-18", "2019-04-24")
        assert Counter((row["deployed_on"][-2:], row["sex"]) for row in nights) == {
            ("18", "male"): 4, ("18", "female"): 2, ("24", "male"): 4, ("24", "female"): 1,
        }  # fmt: skip
        events = within(known("public_order_events", seed, JUNE_REPORT), "held_on", "2019-04-01", "2019-06-30")
        protests = Counter(
            row["held_on"][:7] for row in events if row["event_type"] in ("protest", "counter_protest", "march")
        )
        assert protests == {"2019-04": 15, "2019-05": 10, "2019-06": 10}
        referrals = within(known("prevent_referrals", seed, LAST_DAY), "referred_on", "2019-05-01", str(LAST_DAY))
        types = Counter((row["record_type"], row["city_based"]) for row in referrals)
        assert types == {("referral", "Y"): 1, ("referral", "N"): 5, ("intel_report", "N"): 6}


class TestTheRest:
    """What no report told differs from seed to seed, is in proportion, and is not lost to mistakes."""

    def test_another_seed_gives_other_crimes_to_the_same_counts(self) -> None:
        one, other = ({row["crime_number"]: row for row in crimes(seed, JULY_REPORT)} for seed in (1, 2))
        both = one.keys() & other.keys()
        assert len(both) > 40_000
        for column in ("recorded_at", "committed_from", "street"):
            assert np.mean([one[number][column] == other[number][column] for number in both]) < 0.2

    def test_another_scale_is_in_proportion(self) -> None:
        half, double = (lay_out(1, scale, [number_of(date(2019, 6, 1))]) for scale in (0.5, 2.0))
        usual = sum(laid.count for laid in LAID_OUT if laid.month == date(2019, 6, 1))
        assert len(double.month) == 2 * usual
        assert len(half.month) == pytest.approx(usual / 2, rel=0.05)
        counts = [1, 1, 5, 0, 1]
        proportions = [in_proportion(counts, scale).tolist() for scale in (0.01, 0.5, 1.0, 3.0)]
        assert proportions == [[0] * 5, [1, 0, 3, 0, 0], counts, [3, 3, 15, 0, 3]]

    def test_no_mistake_takes_a_counted_crime_away(self, tmp_path: Path) -> None:
        write_crimes(tmp_path)
        records = make_records(1, 1.0, LAST_DAY)
        columns = [column.name for column in load_contract(CONTRACTS_DIR / "crimes.yml").columns]
        days = extract_days(LAST_DAY)
        for before, day in [(days[-5], days[-4]), (days[-4], days[-3])]:
            changed = records.changed(before, day)
            counts = changed[records.spared(changed, before, day)]
            assert len(counts) > 300
            written = set((tmp_path / f"crimes_{day}.csv").read_text(encoding="utf-8").splitlines())
            assert set(lines(records.rows(counts, day), columns).splitlines()) <= written


class TestHowItIsLaidOut:
    """Deals, layouts, and filling up."""

    def test_deals_hold_days_and_hours_whoever_gets_them(self) -> None:
        deals = [Deal({5: 3, 7: 1}, {23: 2, 1: 2}, nights=True), *grid((1, 2), (9,), 2)]
        for seed in (1, 2):
            minutes = dealt(deals, Draws(seed, np.arange(8)))
            weekdays, hours = minutes // DAY, minutes % DAY // 60
            assert Counter(hours.tolist()) == {23: 2, 1: 2, 9: 4}
            nights = (weekdays - (hours < 6)) % 7 + 1
            assert Counter(nights.tolist()) == {5: 3, 7: 1, 1: 2, 2: 2}
        assert len(set(map(tuple, (dealt(deals, Draws(seed, np.arange(8))).tolist() for seed in range(5))))) == 5

    def test_deals_are_in_proportion(self) -> None:
        deals = [Deal({1: 30, 2: 10}, {9: 40})]
        days = dealt(deals, Draws(1, np.arange(400))) // DAY
        assert Counter(days.tolist()) == {0: 300, 1: 100}
        assert len(dealt(deals, Draws(1, np.arange(0)))) == 0

    def test_deal_with_more_days_than_hours_is_refused(self) -> None:
        with pytest.raises(ValueError, match="3 on the days, 2 in the hours"):
            Deal({1: 3}, {9: 2})

    @pytest.mark.parametrize("part", DEALT, ids=lambda part: f"{part.kind.name.lower()} {part.months[-1]:%B}")
    def test_deals_are_as_many_as_the_crimes(self, part: Dealt) -> None:
        absent = Then.CANCELLED if part.kind == Kind.ASSAULT else Then.KNOWN
        those = [laid for laid in LAID_OUT if laid.kind == part.kind and laid.month in part.months]
        assert sum(map(len, part.deals)) == sum(laid.count for laid in those if laid.then != absent)

    def test_filled_up_to_the_number_that_counts(self) -> None:
        month = np.array([0, 0, 0, 0, 1, 1, 1, 2, 2])
        counts = np.array([True, False, True, True, False, True, True, True, False])
        kept = filled_up(month, counts, np.array([2, 1, -1]))
        assert kept.tolist() == [True, True, True, False, True, True, False, True, True]

    def test_nothing_drawn_is_left_in_a_held_period(self) -> None:
        pattern = Pattern({date(2018, 1, 1): 1200}, hours=[1] * 24)
        layout = Layout(
            (Fact(7, date(2018, 2, 3), date(2018, 2, 4), {"colour": "red"}, known_by=date(2018, 2, 3)),),
            held=((date(2018, 2, 1), date(2018, 2, 28)),),
        )
        drawn = in_months("any", pattern, 1, 1.0, date(2018, 3, 31))
        those = layout.with_laid_out(drawn, "any", 1, 1.0, hours=[*[0] * 23, 1])
        in_february = (those.day >= day_number(date(2018, 2, 1))) & (those.day <= day_number(date(2018, 2, 28)))
        assert Counter(those.fact[in_february].tolist()) == {0: 7}
        assert set((those.minute[in_february] // 60 % 24).tolist()) == {23}
        assert len(set(zip(those.unit.tolist(), those.serial.tolist(), strict=True))) == len(those.day)
        blue = np.array(["blue"], dtype=object)
        records = layout.records(those, history_of(those), lambda known: {"colour": blue.repeat(len(known.those.day))})
        rows = records.rows(np.arange(len(those.day)), date(2018, 3, 31))
        assert Counter(rows["colour"].tolist())["red"] == 7
        assert max(records.history["known"][in_february]) == day_number(date(2018, 2, 3))
        spared = records.spared(np.arange(len(those.day)), None, date(2018, 3, 31))
        assert spared.tolist() == in_february.tolist()
