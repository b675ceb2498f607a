"""Sentences made from figures by rules, in British English.

They say what was counted, by how much it differs from what it is compared with, and what the control chart makes of it.
They never say why: the figures don't carry it. Counts stand before percentages; a percentage of a base under 20 says
that the base is small, and one of a base under 5 is not given. A change is called not statistically significant where
2 × (√new − √old) lies within ±2, notable from there and strong beyond ±3 (`change_z` of the performance tables).
"""

from __future__ import annotations

import calendar
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from flows.freshness import in_words
from flows.report.document import UNDER_FIVE, decimal, share, signed_percent
from flows.report.figures import (
    Hours,
    Measure,
    Monthly,
    Place,
    PlaceType,
    Profile,
    Restated,
    Series,
    financial_year_from,
    month_end,
    shifted,
)
from flows.trend import verdict

SMALL_BASE, NO_PERCENTAGE = 20, 5

STANDS_OUT = 2.45
"""From which 2 × (√count − √expected) on a day of the week stands out: chance brings one of seven so far once in 20."""

DAYS = tuple(calendar.day_name)

_CAUSES = {
    "recorded_late": "recorded late",
    "reclassified_in": "reclassified into it",
    "reclassified_out": "reclassified out of it",
    "cancelled": "cancelled",
    "reinstated": "reinstated",
    "date_changed_in": "moved in from another month",
    "date_changed_out": "moved out to another month",
    "resupplied": "by a new supply of the month",
}

_SIGNALS = {
    "above_limit": "above the upper control limit",
    "below_limit": "below the lower control limit",
    "run_above": "the last of at least seven months in a row above the centre line",
    "run_below": "the last of at least seven months in a row below the centre line",
    "trend_up": "the last of seven months that each rose",
    "trend_down": "the last of seven months that each fell",
    "near_upper": "one of at least two in three months close to the upper control limit",
    "near_lower": "one of at least two in three months close to the lower control limit",
}


@dataclass(frozen=True)
class Noun:
    """What is counted, in the singular and the plural."""

    one: str
    many: str

    def counted(self, number: int) -> str:
        """So many of them."""
        return f"{number:,} {self.one if number == 1 else self.many}" if number else f"no {self.many}"


AREA: dict[PlaceType, Noun] = {
    "ward": Noun("ward", "wards"),
    "street": Noun("street", "streets"),
    "lsoa": Noun("small area (LSOA)", "small areas (LSOA)"),
    "point": Noun("point", "points"),
}


def month_name(month: date) -> str:
    """July 2019."""
    return f"{month:%B %Y}"


def span(first: date, last: date) -> str:
    """The months from one to another: July 2019, April to July 2019, August 2018 to July 2019."""
    if first == last:
        return month_name(first)
    return (
        f"{first:%B} to {month_name(last)}" if first.year == last.year else f"{month_name(first)} to {month_name(last)}"
    )


def listed(items: Sequence[str]) -> str:
    """a, b and c."""
    return " and ".join(filter(None, (", ".join(items[:-1]), items[-1]))) if items else ""


def by_how_much(new: int, old: int, percentage: float | None) -> str:
    """How a count differs from its base: 13 fewer (−9.6 %). The percentage is that of the marts."""
    if new == old:
        return "as many"
    more = f"{abs(new - old):,} {'more' if new > old else 'fewer'}"
    if percentage is None or old < NO_PERCENTAGE:
        return more
    small = " on a small base" if old < SMALL_BASE else ""
    return f"{more} ({signed_percent(percentage)}{small})"


def counted_in_month(measure: Measure, noun: Noun, first: tuple[int, dict[str, int]] | None) -> str:
    """The count of the month, its change, and how the month before it was first reported where that was otherwise."""
    now = measure.now
    if now.offences is None:
        return f"There is no figure for {month_name(now.month)}: the month did not arrive. It is missing, not zero."
    verb = "was" if now.offences == 1 else "were"
    said = f"There {verb} {noun.counted(now.offences)} in {month_name(now.month)}"
    before = shifted(now.month, -1)
    if now.previous_month is None:
        said += f"; {month_name(before)} has no figure to compare it with"
    elif now.previous_month == 0:
        said += f"; in {_near(before, now.month)} there {'were none either' if not now.offences else 'was none'}"
    elif now.offences == now.previous_month:
        said += f", as many as in {_near(before, now.month)}"
    else:
        difference = by_how_much(now.offences, now.previous_month, now.change_pct)
        said += f", {difference} than {_possessive(before, now.month, now.previous_month)}"
    if first and now.previous_month is not None and first[0] != now.previous_month:
        why = f" ({moved(first[1])} since)" if first[1] else ""
        said += f"; {_near(before, now.month)} was first reported as {first[0]:,}{why}"
    return f"{said}."


def significance(now: Monthly) -> str:
    """Whether the change from the month before is more than chance makes of counts of that size."""
    if not now.change or now.change_z is None:
        return ""
    size = abs(now.change_z)
    before = _near(shifted(now.month, -1), now.month)
    if size < 2:
        return f"The change from {before} is not statistically significant."
    return f"The change from {before} is {'strong' if size >= 3 else 'notable'} for counts of this size."


def year_before(measure: Measure) -> str:
    """The same month a year before."""
    number = measure.year_before(measure.now.month)
    if number is None or measure.now.offences is None:
        return ""
    there = "was 1" if number == 1 else f"were {number:,}" if number else "were none"
    return f"In {month_name(shifted(measure.now.month, -12))} there {there}."


def to_date(measure: Measure, noun: Noun) -> str:
    """The financial year to date beside the same months a year before; nothing in April, which is its first month."""
    now = measure.now
    begins = financial_year_from(now.month)
    if now.offences is None or begins == now.month:
        return ""
    if now.fytd is None:
        return "The financial year to date has no figure, for a month of it did not arrive."
    said = f"The financial year to date, {span(begins, now.month)}, has {noun.counted(now.fytd)}"
    if now.fytd_previous is None:
        return f"{said}; the same months a year before have no figure."
    return f"{said}, {_than(now.fytd, now.fytd_previous, now.fytd_change_pct, 'of the same months a year before')}."


def twelve_months(measure: Measure) -> str:
    """The last twelve months beside the twelve before."""
    now = measure.now
    if now.offences is None:
        return ""
    if now.rolling_12 is None:
        return f"The twelve months to {month_name(now.month)} have no figure, for one of them did not arrive."
    said = f"The twelve months to {month_name(now.month)} have {now.rolling_12:,}"
    if now.rolling_12_previous is None:
        return f"{said}; the twelve before have no figure."
    return (
        f"{said}, {_than(now.rolling_12, now.rolling_12_previous, now.rolling_12_change_pct, 'of the twelve before')}."
    )


def against_average(now: Monthly) -> str:
    """The count beside its five-year average, and since when it has been above."""
    if now.offences is None or now.five_year_average is None:
        return ""
    years = "" if now.five_year_years == 5 else f" (of {_counted(now.five_year_years, 'year')})"
    average = f"the five-year average{years} of {decimal(now.five_year_average).text}"
    run = now.above_five_year_run or 0
    count = f"{now.month:%B}'s count"
    if run > 1:
        since = month_name(shifted(now.month, 1 - run))
        return f"{count} is above {average}, as each month's has been since {since}: {run} in a row."
    where = "is above" if run else "equals" if now.offences == now.five_year_average else "is below"
    return f"{count} {where} {average}."


def control_chart(measure: Measure) -> list[str]:
    """What the control chart says of the month, and which earlier ones of the financial year lie beyond the limits."""
    now = measure.now
    if now.offences is None:
        return []
    month = f"{now.month:%B}"
    if now.lower_limit is None or now.upper_limit is None:
        said = ["There are no control limits: the baseline has too few months."]
        return [*said, f"{month} is {_SIGNALS[now.signal]}."] if now.signal else said
    trial = "trial " if now.limits_note == "trial" else ""
    limits = f"the {trial}control limits of {decimal(now.lower_limit).text} to {decimal(now.upper_limit).text}"
    if now.signal in ("above_limit", "below_limit"):
        said = [f"{month}'s count lies {now.signal.removesuffix('_limit')} {limits}, which calls for an explanation."]
    elif now.signal:
        said = [f"{month}'s count lies within {limits}, yet it is {_SIGNALS[now.signal]}: a signal of change."]
    else:
        said = [f"{month}'s count lies within {limits}, and nothing in the chart signals a change."]
    for signal, beyond in (("above_limit", "above the upper"), ("below_limit", "below the lower")):
        months = [
            f"{each:%B}"
            for each, monthly in measure.months.items()
            if financial_year_from(now.month) <= each < now.month and monthly.signal == signal
        ]
        if months:
            were = "was" if len(months) == 1 else "were"
            said.append(f"Earlier in the financial year {listed(months)} {were} {beyond} limit.")
    return said


def gaps(shown: Sequence[Monthly]) -> list[str]:
    """The months of a chart that did not arrive, or of which only a part is known."""
    said = []
    for coverage, one, many in (
        ("missing", "did not arrive: it is missing, not zero", "did not arrive: they are missing, not zero"),
        ("partial", "is only partly known: its count is too low", "are only partly known: their counts are too low"),
    ):
        months = [month_name(monthly.month) for monthly in shown if monthly.coverage == coverage]
        if months:
            said.append(f"{listed(months)} {one if len(months) == 1 else many}.")
    return said


def largest_moves(parts: Sequence[tuple[Measure, Noun]]) -> str:
    """Of parts of a total, those whose change from the month before is notable, the three largest."""
    moves = [
        (part, noun, part.now.offences, part.now.previous_month)
        for part, noun in parts
        if part.now.offences is not None and part.now.previous_month is not None and abs(part.now.change_z or 0) >= 2
    ]
    moves.sort(key=lambda move: -abs(move[2] - move[3]))
    if not moves:
        known = all(part.now.change is not None for part, _ in parts)
        return "None of its parts changed notably from the month before." if parts and known else ""
    said = [
        f"{noun.counted(new)}, {by_how_much(new, old, part.now.change_pct)} than the {old:,} of the month before"
        for part, noun, new, old in moves[:3]
    ]
    largest = (
        "The largest notable changes among its parts" if len(said) > 1 else "The one notable change among its parts"
    )
    return f"{largest}: {'; '.join(said)}."


def when(hours: Hours) -> list[str]:
    """When the offences of a month were committed: the night-time economy, and days and hours that stand out."""
    timed = hours.timed
    if not timed:
        return []
    nte = sum(hours.nights)
    of_those = f"Of the {timed:,} with a known time" + (f" ({hours.untimed:,} have none)" if hours.untimed else "")
    part = f" ({share(100 * nte / timed)})" if timed >= SMALL_BASE else ""
    said = [f"{of_those}, {nte:,}{part} began in the night-time economy, from 18:00 to before 06:00."]
    days = _standing_out([sum(day) for day in hours.starts], _weekdays(hours.first, month_end(hours.last)))
    nights = _standing_out(list(hours.nights), _weekdays(hours.first, month_end(hours.last)))
    if days:
        said.append(f"{_days(days, [sum(day) for day in hours.starts], 'days')}.")
    if nights:
        said.append(
            f"{_days(nights, list(hours.nights), 'nights')}, a night being counted to the day that it began on."
        )
    if not days and not nights:
        said.append("No day of the week stands out beyond chance.")
    bands = [sum(day[hour] for day in hours.starts for hour in range(begin, begin + 3)) for begin in range(0, 24, 3)]
    busiest = max(range(8), key=lambda band: bands[band])
    if _stands_out(bands[busiest], timed / 8):
        said.append(
            f"The busiest three hours were {3 * busiest:02}:00 to {3 * busiest + 3:02}:00, with {bands[busiest]:,}."
        )
    return said


def where(found: Mapping[PlaceType, Sequence[Place]]) -> str:
    """The places with the most offences, by kind, and which of the last kind were so in each of three months."""
    said = []
    for kind, places in found.items():
        if places:
            named = [f"{place.place} ({place.offences:,}{_of_all(place)})" for place in places[:3]]
            said.append(f"by {AREA[kind].one}, {listed(named)}")
    if not said:
        return f"No {' or '.join(AREA[kind].one for kind in found)} has five or more."
    kind, places = list(found.items())[-1]
    again = [place.place for place in places if place.repeat_months == 3]
    those = AREA[kind].many.capitalize()
    repeat = f" {those} with at least two in each of the last three months: {listed(again)}." if again else ""
    return f"Most were recorded, {'; '.join(said)}.{repeat}"


def profile(found: Profile) -> list[str]:
    """The assaults of six months."""
    said = [f"In the six months from {in_words(found.window_from)} to {in_words(found.window_to)} there were"]
    if found.previous_six_months is None:
        said[0] += f" {found.offences:,} assaults."
    else:
        than = _than(found.offences, found.previous_six_months, found.change_pct, "of the six months before")
        said[0] += f" {found.offences:,} assaults, {than}."
    if not found.offences:
        return said
    said.append(
        f"{found.committed_before_window:,} of the {found.offences:,}"
        f" ({share(100 * found.committed_before_window / found.offences)}) had been committed before"
        " those months and were recorded in them."
    )
    said.append(
        f"{found.nte:,} ({share(found.nte_share_pct or 0)}) began in the night-time economy, from 18:00 to before"
        f" 06:00, and {found.thu_sat_nights:,} ({share(100 * found.thu_sat_nights / found.offences)} of all) in the"
        " nights of Thursday, Friday or Saturday."
    )
    factors = [
        f"{name} in {UNDER_FIVE if 0 < number < NO_PERCENTAGE else f'{number:,}'}"
        for name, number in (
            ("alcohol", found.alcohol),
            ("domestic abuse", found.domestic_abuse),
            ("drugs", found.drugs),
        )
    ]
    said.append(f"Flagged as a factor: {listed(factors)}; one assault may have several.")
    return said


def restated_sentence(restated: Sequence[Restated], before: date) -> str:
    """How many counts moved since an earlier day."""
    if not restated:
        return f"No count has been restated since {in_words(before)}."
    months = sorted({item.month for item in restated})
    named = month_name(months[0]) if len(months) == 1 else f"{month_name(months[0])} to {month_name(months[-1])}"
    return (
        f"Since {in_words(before)}, {_counted(len(restated), 'monthly count')} of"
        f" {_counted(len({item.measure for item in restated}), 'measure')} shown here"
        f" {'was' if len(restated) == 1 else 'were'} restated ({named})."
    )


def moved(causes: dict[str, int]) -> str:
    """Why a count moved, in words: 4 recorded late, 1 cancelled."""
    return listed([f"{abs(number):,} {_CAUSES[cause]}" for cause, number in causes.items()])


def trend(counts: Sequence[int], months: Sequence[date], slope: float, mann_kendall: tuple[int, float]) -> str:
    """Whether a series of months goes up or down: its slope, and the verdict of S and p of the Mann-Kendall test."""
    s, p_value = mann_kendall
    found = verdict(s, p_value)
    over = f"Over the {len(counts)} months from {span(months[0], months[-1])}"
    course = f"{slope:+.2f}".replace("-", "−") + " a month"
    test = f"(Mann-Kendall {in_p(p_value)})"
    if found == "no significant trend":
        return f"{over} the slope is {course}, which is not statistically significant {test}."
    return f"{over} there is {'an' if found == 'upward' else 'a'} {found} trend; the slope is {course} {test}."


def in_p(p_value: float) -> str:
    """The p of a test: p = 0.77, p < 0.01."""
    return f"p = {p_value:.2f}" if p_value >= 0.01 else "p < 0.01"


def done_in_month(noun: Noun, series: Series, month: date) -> str:
    """What was done or attended in the month, beside the month before and the financial year to date."""
    number, before = series.at(month), series.at(shifted(month, -1))
    if number is None:
        return f"There is no figure of {noun.many} for {month_name(month)}: the month did not arrive."
    said = f"There {'was' if number == 1 else 'were'} {noun.counted(number)} in {month_name(month)}"
    if before is not None:
        differs = by_how_much(number, before, None)
        near = _near(shifted(month, -1), month)
        said += f", as many as in {near}" if number == before else f", {differs} than the {before:,} of {near}"
    to_date = series.financial_year(month)
    year_before = series.financial_year(shifted(month, -12))
    if to_date is not None and month.month != 4:
        said += f"; the financial year to date has {to_date:,}"
        said += "" if year_before is None else f", the same months a year before had {year_before:,}"
    return f"{said}."


def _than(new: int, old: int, percentage: float | None, which: str) -> str:
    if new == old:
        return f"as many as the {old:,} {which}"
    return f"{by_how_much(new, old, percentage)} than the {old:,} {which}"


def _near(month: date, seen_from: date) -> str:
    """A month, with its year where that is another than that of the month spoken of."""
    return f"{month:%B}" if month.year == seen_from.year else month_name(month)


def _possessive(month: date, seen_from: date, number: int) -> str:
    near = _near(month, seen_from)
    return f"{near}'s {number:,}" if month.year == seen_from.year else f"the {number:,} of {near}"


def _counted(number: int, one: str) -> str:
    return f"{number:,} {one}{'' if number == 1 else 's'}"


def _of_all(place: Place) -> str:
    return "" if place.share_pct is None else f", {share(place.share_pct)}"


def _weekdays(first: date, last: date) -> list[int]:
    """How often each weekday, Monday first, lies in a span of days."""
    found = [0] * 7
    for number in range((last - first).days + 1):
        found[(first + timedelta(days=number)).weekday()] += 1
    return found


def _standing_out(counts: list[int], occurrences: list[int]) -> list[int]:
    """The weekdays with more than their share of days and chance would bring, the most first."""
    expected = [sum(counts) * number / sum(occurrences) for number in occurrences]
    found = [day for day in range(7) if _stands_out(counts[day], expected[day])]
    return sorted(found, key=lambda day: (-counts[day], day))


def _stands_out(number: int, expected: float) -> bool:
    return number >= NO_PERCENTAGE and 2 * (math.sqrt(number) - math.sqrt(expected)) >= STANDS_OUT


def _days(standing_out: list[int], counts: list[int], what: str) -> str:
    named = [f"{DAYS[day]} ({counts[day]:,})" for day in standing_out]
    if len(named) == 1:
        return f"{named[0]} stands out among the {what}"
    return f"{listed(named)} stand out among the {what}"
