"""The sentences of the report, each worked out by hand."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from flows.report import narrative
from flows.report.figures import Hours, Measure, Monthly, Place, Profile, Restated, Series, shifted
from flows.report.narrative import Noun

JULY = date(2019, 7, 1)
OFFENCE = Noun("violence offence", "violence offences")


def monthly(month: date = JULY, offences: int | None = 122, previous: int | None = 135, **given: Any) -> Monthly:
    """A month whose change and z are worked out as the marts do; all else is as given, or nothing."""
    made = Monthly.missing(month)
    if offences is not None:
        made = replace(made, offences=offences, previous_month=previous, coverage="complete")
        if previous is not None:
            made = replace(
                made,
                change=offences - previous,
                change_pct=100 * (offences - previous) / previous if previous else None,
                change_z=2 * (math.sqrt(offences) - math.sqrt(previous)),
            )
    return replace(made, **given)


def measure(*months: Monthly, name: str = "violence") -> Measure:
    """A measure with some months."""
    return Measure(
        name, name, name.capitalize(), "Force: all.", None, ("crimes",), {each.month: each for each in months}
    )


def counted(first: tuple[int, dict[str, int]] | None = None, **given: Any) -> str:
    return narrative.counted_in_month(measure(monthly(**given)), OFFENCE, first)


class TestTheMonth:
    def test_as_the_report_of_july_2019_says_it(self) -> None:
        assert counted((132, {"recorded_late": 4, "cancelled": -1})) == (
            "There were 122 violence offences in July 2019, 13 fewer (−9.6 %) than June's 135; June was first reported"
            " as 132 (4 recorded late and 1 cancelled since)."
        )

    def test_a_month_that_was_not_restated_is_told_once(self) -> None:
        assert counted((135, {})) == (
            "There were 122 violence offences in July 2019, 13 fewer (−9.6 %) than June's 135."
        )

    def test_a_month_that_moved_and_came_back_is_not_restated(self) -> None:
        assert "first reported" not in counted((135, {"recorded_late": 1, "cancelled": -1}))

    @pytest.mark.parametrize(
        ("offences", "previous", "said"),
        [
            (16, 10, "There were 16 violence offences in July 2019, 6 more (+60.0 % on a small base) than June's 10."),
            (6, 1, "There were 6 violence offences in July 2019, 5 more than June's 1."),
            (0, 5, "There were no violence offences in July 2019, 5 fewer (−100.0 % on a small base) than June's 5."),
            (1, 0, "There was 1 violence offence in July 2019; in June there was none."),
            (0, 0, "There were no violence offences in July 2019; in June there were none either."),
            (7, 7, "There were 7 violence offences in July 2019, as many as in June."),
            (7, None, "There were 7 violence offences in July 2019; June 2019 has no figure to compare it with."),
            (1234, 1000, "There were 1,234 violence offences in July 2019, 234 more (+23.4 %) than June's 1,000."),
            (19, 20, "There were 19 violence offences in July 2019, 1 fewer (−5.0 %) than June's 20."),
            (4, 4, "There were 4 violence offences in July 2019, as many as in June."),
        ],
    )
    def test_counts_stand_before_percentages(self, offences: int, previous: int | None, said: str) -> None:
        assert counted(offences=offences, previous=previous) == said

    def test_january_names_the_year_of_december(self) -> None:
        assert counted(month=date(2019, 1, 1), offences=50, previous=40) == (
            "There were 50 violence offences in January 2019, 10 more (+25.0 %) than the 40 of December 2018."
        )

    def test_a_missing_month_is_not_zero(self) -> None:
        assert counted(offences=None) == (
            "There is no figure for July 2019: the month did not arrive. It is missing, not zero."
        )
        assert narrative.year_before(measure(monthly(offences=None))) == ""
        assert narrative.control_chart(measure(monthly(offences=None))) == []
        assert narrative.against_average(monthly(offences=None)) == ""


@pytest.mark.parametrize(
    ("offences", "previous", "said"),
    [
        # 2 × (√122 − √135) = −1.15, 2 × (√53 − √35) = 2.73, 2 × (√478 − √547) = −3.05.
        (122, 135, "The change from June is not statistically significant."),
        (53, 35, "The change from June is notable for counts of this size."),
        (478, 547, "The change from June is strong for counts of this size."),
        # Exactly 2: 2 × (√9 − √4).
        (9, 4, "The change from June is notable for counts of this size."),
        (7, 7, ""),
        (7, None, ""),
    ],
)
def test_significance(offences: int, previous: int | None, said: str) -> None:
    assert narrative.significance(monthly(offences=offences, previous=previous)) == said


class TestOverYears:
    def test_financial_year_and_twelve_months(self) -> None:
        found = measure(
            monthly(
                fytd=457,
                fytd_previous=418,
                fytd_change_pct=9.3,
                rolling_12=1055,
                rolling_12_previous=1219,
                rolling_12_change_pct=-13.5,
            )
        )
        assert narrative.to_date(found, OFFENCE) == (
            "The financial year to date, April to July 2019, has 457 violence offences, 39 more (+9.3 %) than the 418"
            " of the same months a year before."
        )
        assert narrative.twelve_months(found) == (
            "The twelve months to July 2019 have 1,055, 164 fewer (−13.5 %) than the 1,219 of the twelve before."
        )

    def test_a_financial_year_over_two_calendar_years(self) -> None:
        found = measure(monthly(date(2020, 2, 1), fytd=12, fytd_previous=12, fytd_change_pct=0.0))
        assert narrative.to_date(found, OFFENCE) == (
            "The financial year to date, April 2019 to February 2020, has 12 violence offences, as many as the 12 of"
            " the same months a year before."
        )

    def test_april_has_no_year_to_date_of_its_own(self) -> None:
        assert narrative.to_date(measure(monthly(date(2019, 4, 1), fytd=5, fytd_previous=6)), OFFENCE) == ""

    def test_a_missing_month_spoils_the_sums(self) -> None:
        found = measure(monthly(fytd=None, fytd_previous=418, rolling_12=None, rolling_12_previous=5))
        assert narrative.to_date(found, OFFENCE) == (
            "The financial year to date has no figure, for a month of it did not arrive."
        )
        assert narrative.twelve_months(found) == (
            "The twelve months to July 2019 have no figure, for one of them did not arrive."
        )

    def test_what_there_is_nothing_to_compare_with(self) -> None:
        found = measure(monthly(fytd=457, fytd_previous=None, rolling_12=1055, rolling_12_previous=None))
        assert narrative.to_date(found, OFFENCE) == (
            "The financial year to date, April to July 2019, has 457 violence offences; the same months a year before"
            " have no figure."
        )
        assert narrative.twelve_months(found) == (
            "The twelve months to July 2019 have 1,055; the twelve before have no figure."
        )

    @pytest.mark.parametrize(
        ("number", "said"),
        [
            (119, "In July 2018 there were 119."),
            (1, "In July 2018 there was 1."),
            (0, "In July 2018 there were none."),
            (None, ""),
        ],
    )
    def test_a_year_before(self, number: int | None, said: str) -> None:
        assert narrative.year_before(measure(monthly(shifted(JULY, -12), number), monthly())) == said


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            {"five_year_average": 512.4, "five_year_years": 5, "above_five_year_run": 17},
            "July's count is above the five-year average of 512.4, as each month's has been since March 2018: 17 in a"
            " row.",
        ),
        (
            {"five_year_average": 120.25, "five_year_years": 4, "above_five_year_run": 1},
            "July's count is above the five-year average (of 4 years) of 120.3.",
        ),
        (
            {"five_year_average": 130.0, "five_year_years": 1, "above_five_year_run": 0},
            "July's count is below the five-year average (of 1 year) of 130.0.",
        ),
        (
            {"five_year_average": 122.0, "five_year_years": 5, "above_five_year_run": 0},
            "July's count equals the five-year average of 122.0.",
        ),
        ({"five_year_average": None}, ""),
    ],
)
def test_five_year_average(given: dict[str, Any], said: str) -> None:
    assert narrative.against_average(monthly(**given)) == said


class TestControlChart:
    LIMITS: dict[str, Any] = {"lower_limit": 41.9, "centre_line": 90.6, "upper_limit": 139.3}  # noqa: RUF012

    def said(self, *months: Monthly) -> list[str]:
        return narrative.control_chart(measure(*months))

    def test_within_the_limits(self) -> None:
        assert self.said(monthly(**self.LIMITS)) == [
            "July's count lies within the control limits of 41.9 to 139.3, and nothing in the chart signals a change."
        ]

    @pytest.mark.parametrize(
        ("signal", "said"),
        [
            (
                "above_limit",
                "July's count lies above the control limits of 41.9 to 139.3, which calls for an explanation.",
            ),
            (
                "below_limit",
                "July's count lies below the control limits of 41.9 to 139.3, which calls for an explanation.",
            ),
            (
                "run_below",
                "July's count lies within the control limits of 41.9 to 139.3, yet it is the last of at least seven"
                " months in a row below the centre line: a signal of change.",
            ),
            (
                "near_upper",
                "July's count lies within the control limits of 41.9 to 139.3, yet it is one of at least two in three"
                " months close to the upper control limit: a signal of change.",
            ),
        ],
    )
    def test_signals(self, signal: str, said: str) -> None:
        assert self.said(monthly(signal=signal, **self.LIMITS)) == [said]

    def test_trial_limits_say_so(self) -> None:
        assert self.said(monthly(limits_note="trial", **self.LIMITS))[0].startswith(
            "July's count lies within the trial control limits of 41.9 to 139.3"
        )

    def test_no_limits(self) -> None:
        none = "There are no control limits: the baseline has too few months."
        assert self.said(monthly()) == [none]
        assert self.said(monthly(signal="trend_up")) == [none, "July is the last of seven months that each rose."]

    def test_months_of_this_financial_year_beyond_the_limits(self) -> None:
        months = [
            monthly(date(2019, number, 1), signal=signal, **self.LIMITS)
            for number, signal in enumerate(["above_limit", "run_above", "above_limit", None], start=3)
        ]
        months += [monthly(signal="run_above", **self.LIMITS)]
        assert self.said(*months)[1:] == ["Earlier in the financial year May was above the upper limit."]
        months[1] = replace(months[1], signal="above_limit")
        assert self.said(*months)[1:] == ["Earlier in the financial year April and May were above the upper limit."]


def test_gaps_are_told() -> None:
    shown = [
        monthly(date(2016, 11, 1), None),
        monthly(date(2017, 6, 1), coverage="partial"),
        monthly(date(2017, 7, 1), coverage="partial"),
        monthly(),
    ]
    assert narrative.gaps(shown) == [
        "November 2016 did not arrive: it is missing, not zero.",
        "June 2017 and July 2017 are only partly known: their counts are too low.",
    ]
    assert narrative.gaps([monthly()]) == []


class TestParts:
    def part(self, name: str, offences: int, previous: int) -> tuple[Measure, Noun]:
        return measure(monthly(offences=offences, previous=previous), name=name), Noun(name, f"{name}s")

    def test_the_largest_notable_ones(self) -> None:
        # z: −4.10, 2.84, 4.02 and −4.47; of the four the three with the largest differences.
        parts = [
            self.part("assault", 31, 58),
            self.part("harm", 21, 10),
            self.part("message", 14, 3),
            self.part("wound", 0, 5),
        ]
        assert narrative.largest_moves(parts) == (
            "The largest notable changes among its parts: 31 assaults, 27 fewer (−46.6 %) than the 58 of the month"
            " before; 21 harms, 11 more (+110.0 % on a small base) than the 10 of the month before; 14 messages, 11"
            " more than the 3 of the month before."
        )

    def test_one(self) -> None:
        assert narrative.largest_moves([self.part("assault", 31, 58), self.part("theft", 99, 100)]) == (
            "The one notable change among its parts: 31 assaults, 27 fewer (−46.6 %) than the 58 of the month before."
        )

    def test_none(self) -> None:
        assert narrative.largest_moves([self.part("theft", 99, 100)]) == (
            "None of its parts changed notably from the month before."
        )
        assert narrative.largest_moves([]) == ""

    def test_without_a_month_before_nothing_is_claimed(self) -> None:
        alone = measure(monthly(offences=31, previous=None), name="assault"), Noun("assault", "assaults")
        assert narrative.largest_moves([alone, self.part("theft", 99, 100)]) == ""


class TestWhen:
    def hours(self, starts: dict[tuple[int, int], int], untimed: int = 0) -> Hours:
        """Weekday (0 Monday) and hour → offences, of July 2019."""
        grid = tuple(tuple(starts.get((day, hour), 0) for hour in range(24)) for day in range(7))
        nights = tuple(sum(grid[day][18:]) + sum(grid[(day + 1) % 7][:6]) for day in range(7))
        return Hours(JULY, JULY, tuple(tuple(map(float, row)) for row in grid), grid, nights, untimed)

    def test_a_night_belongs_to_the_day_that_it_began_on(self) -> None:
        # 20 on Friday at 23:00 and 10 on Saturday at 02:00 are all of Friday night.
        said = narrative.when(self.hours({(4, 23): 20, (5, 2): 10, (0, 12): 10}, untimed=3))
        assert said == [
            "Of the 40 with a known time (3 have none), 30 (75.0 %) began in the night-time economy, from 18:00 to"
            " before 06:00.",
            "Friday (20) stands out among the days.",
            "Friday (30) stands out among the nights, a night being counted to the day that it began on.",
            "The busiest three hours were 21:00 to 24:00, with 20.",
        ]

    def test_days_that_a_month_has_five_of_do_not_stand_out_for_that(self) -> None:
        # July 2019 has five Mondays, Tuesdays and Wednesdays: 200 a day is what chance makes of 6,200.
        days = {(day, hour): 200 for day in range(3) for hour in range(0, 15, 3)}
        days |= {(day, hour): 200 for day in range(3, 7) for hour in range(0, 12, 3)}
        said = narrative.when(self.hours(days))
        assert said[0].startswith("Of the 6,200 with a known time, 2,800 (45.2 %) began")
        assert said[1] == "No day of the week stands out beyond chance."

    def test_how_much_more_is_beyond_chance(self) -> None:
        # 27 of 122 on Thursdays, four of the 31 days of July 2019: 2 × (√27 − √15.74) = 2.46. With 26 it is 2.26.
        others = {(day, 12): number for day, number in zip((0, 1, 2, 4, 5, 6), (17, 17, 17, 15, 15, 14), strict=True)}
        assert narrative.when(self.hours(others | {(3, 12): 27}))[1] == "Thursday (27) stands out among the days."
        assert narrative.when(self.hours(others | {(3, 12): 26, (4, 12): 16}))[1] == (
            "No day of the week stands out beyond chance."
        )

    def test_few_have_no_share(self) -> None:
        assert narrative.when(self.hours({(4, 23): 3, (1, 12): 4})) == [
            "Of the 7 with a known time, 3 began in the night-time economy, from 18:00 to before 06:00.",
            "No day of the week stands out beyond chance.",
        ]

    def test_none(self) -> None:
        assert narrative.when(self.hours({})) == []


def test_where() -> None:
    wards = [Place("Bishopsgate", 26, 21.3, 3), Place("Langbourn", 18, 14.8, 3)]
    streets = [Place("Bishopsgate", 21, 17.2, 3), Place("Moorgate", 5, 4.1, 2)]
    assert narrative.where({"ward": wards, "street": streets}) == (
        "Most were recorded, by ward, Bishopsgate (26, 21.3 %) and Langbourn (18, 14.8 %); by street, Bishopsgate (21,"
        " 17.2 %) and Moorgate (5, 4.1 %). Streets with at least two in each of the last three months: Bishopsgate."
    )
    assert narrative.where({"ward": [], "street": []}) == "No ward or street has five or more."
    assert narrative.where({"lsoa": [], "point": []}) == "No small area (LSOA) or point has five or more."
    points = [Place("Parking Area in Kent 001A", 7, None, 3)]
    assert narrative.where({"lsoa": [], "point": points}) == (
        "Most were recorded, by point, Parking Area in Kent 001A (7). Points with at least two in each of the last"
        " three months: Parking Area in Kent 001A."
    )


def test_profile_of_assaults() -> None:
    found = Profile(
        window_from=date(2019, 2, 1),
        window_to=date(2019, 7, 31),
        offences=308,
        previous_six_months=262,
        change_pct=17.6,
        committed_before_window=11,
        nte=186,
        nte_share_pct=60.4,
        thu_sat_nights=133,
        alcohol=114,
        domestic_abuse=17,
        drugs=4,
        staff_victim=73,
        domestic=18,
        colleagues=7,
        by_staff=19,
        road_rage=12,
        other=130,
        not_classified=49,
    )
    assert narrative.profile(found) == [
        "In the six months from 1 February 2019 to 31 July 2019 there were 308 assaults, 46 more (+17.6 %) than the 262"
        " of the six months before.",
        "11 of the 308 (3.6 %) had been committed before those months and were recorded in them.",
        "186 (60.4 %) began in the night-time economy, from 18:00 to before 06:00, and 133 (43.2 % of all) in the"
        " nights of Thursday, Friday or Saturday.",
        "Flagged as a factor: alcohol in 114, domestic abuse in 17 and drugs in under 5; one assault may have several.",
    ]


def test_restated() -> None:
    before = date(2019, 7, 7)
    one = Restated("violence", "Violence", date(2019, 6, 1), 132, 135, {"recorded_late": 4, "cancelled": -1})
    assert narrative.restated_sentence([], before) == "No count has been restated since 7 July 2019."
    assert narrative.restated_sentence([one], before) == (
        "Since 7 July 2019, 1 monthly count of 1 measure shown here was restated (June 2019)."
    )
    assert narrative.restated_sentence([one, replace(one, month=date(2019, 3, 1))], before) == (
        "Since 7 July 2019, 2 monthly counts of 1 measure shown here were restated (March 2019 to June 2019)."
    )


@pytest.mark.parametrize(
    ("slope", "mann_kendall", "said"),
    [
        (
            1.25,
            (3, 0.7726),
            "the slope is +1.25 a month, which is not statistically significant (Mann-Kendall p = 0.77).",
        ),
        (-3.0, (-19, 0.003), "there is a downward trend; the slope is −3.00 a month (Mann-Kendall p < 0.01)."),
        (3.0, (19, 0.003), "there is an upward trend; the slope is +3.00 a month (Mann-Kendall p < 0.01)."),
    ],
)
def test_trend(slope: float, mann_kendall: tuple[int, float], said: str) -> None:
    counts, months = [81, 98, 130, 117, 91, 105, 101], [date(2019, number, 1) for number in range(1, 8)]
    over = "Over the 7 months from January to July 2019 "
    assert narrative.trend(counts, months, slope, mann_kendall) == over + said


class TestActivity:
    VISIT = Noun("visit", "visits")

    def test_month_and_year_to_date(self) -> None:
        months = {shifted(JULY, -by): number for by, number in enumerate([80, 87, 90, 82, *[70] * 20])}
        assert narrative.done_in_month(self.VISIT, Series(months), JULY) == (
            "There were 80 visits in July 2019, 7 fewer than the 87 of June; the financial year to date has 339, the"
            " same months a year before had 280."
        )

    def test_a_month_that_is_missing_spoils_the_sum_and_is_not_zero(self) -> None:
        months = {JULY: 80, date(2019, 6, 1): None, date(2019, 5, 1): 3, date(2019, 4, 1): 2}
        assert narrative.done_in_month(self.VISIT, Series(months), JULY) == "There were 80 visits in July 2019."
        assert narrative.done_in_month(self.VISIT, Series(months), date(2019, 6, 1)) == (
            "There is no figure of visits for June 2019: the month did not arrive."
        )
        assert Series(months).twelve(JULY) is None


def test_what_the_report_may_not_claim() -> None:
    """No sentence says why, whatever the figures."""
    source = Path(narrative.__file__).read_text(encoding="utf-8").lower()
    for word in ("because", "due to", "caused", "thanks to", "as a result", "led to"):
        assert word not in source
