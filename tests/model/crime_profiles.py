"""When crimes were committed and how soon they were recorded, from the counted crimes of each month.

Written from the specification alone. All arithmetic is on London wall time, as if no clock were ever changed.
A month is in `crimes` when it has a count, also when that is 0.

How the model reads what the specification leaves open:

* Seconds count in proportion, and a span of exactly 168 hours is not over 168 hours.
* A crime with an end but no beginning is untimed; only "committed before the window" looks at its end.
* `nte` and `thu_sat_nights` go by the clock hour of the beginning.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from fractions import Fraction

from tests.model.crime_measures import TAG_MEASURES, Crime
from tests.model.months import last_months, last_of_month
from tests.model.performance import Row, change_pct, share_pct, total

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
CIRCUMSTANCES = ("staff_victim", "domestic", "colleagues", "by_staff", "road_rage", "other")
HOUR = timedelta(hours=1)
HOURS_OF_A_WEEK = 168

CrimesByMonth = Mapping[date, Sequence[Crime]]
HourOfWeek = tuple[int, int]
"""ISO weekday and hour."""


def temporal(crimes: CrimesByMonth) -> list[Row]:
    """The columns of a temporal table from `month` on: one row per month, weekday and hour with a crime in it."""
    rows: list[Row] = []
    for month, crimes_of_month in crimes.items():
        weights: defaultdict[HourOfWeek, Fraction] = defaultdict(Fraction)
        starts: Counter[HourOfWeek] = Counter()
        for crime in crimes_of_month:
            if crime.committed_from is not None:
                starts[hour_of_week(crime.committed_from)] += 1
                for hour, weight in aoristic(crime.committed_from, crime.committed_to).items():
                    weights[hour] += weight
        rows += [
            {
                "month": month,
                "weekday": weekday,
                "weekday_name": WEEKDAYS[weekday - 1],
                "hour": hour,
                "is_nte": is_nte(hour),
                "night_of": night_of(weekday, hour),
                "offences": float(weights[weekday, hour]),
                "offences_by_start": starts[weekday, hour],
            }
            for weekday, hour in sorted(weights)
        ]
    return rows


def untimed(crimes: CrimesByMonth) -> list[Row]:
    """The columns of an untimed table from `month` on: one row per month with a crime without a beginning."""
    numbers = {month: sum(crime.committed_from is None for crime in crimes[month]) for month in crimes}
    return [{"month": month, "untimed": number} for month, number in numbers.items() if number]


def aoristic(start: datetime, end: datetime | None) -> dict[HourOfWeek, Fraction]:
    """How a weight of 1 is spread over the hours of the week in which the crime may have happened."""
    if end is None or end == start:
        return {hour_of_week(start): Fraction(1)}
    if end - start > HOURS_OF_A_WEEK * HOUR:
        return {(weekday, hour): Fraction(1, HOURS_OF_A_WEEK) for weekday in range(1, 8) for hour in range(24)}
    weights: dict[HourOfWeek, Fraction] = {}
    hour = start.replace(minute=0, second=0)
    while hour < end:
        inside = min(end, hour + HOUR) - max(start, hour)
        weight = Fraction(seconds(inside), seconds(end - start))
        weights[hour_of_week(hour)] = weights.get(hour_of_week(hour), Fraction(0)) + weight
        hour += HOUR
    return weights


def seconds(span: timedelta) -> int:
    return span // timedelta(seconds=1)


def hour_of_week(moment: datetime) -> HourOfWeek:
    return (moment.isoweekday(), moment.hour)


def is_nte(hour: int) -> bool:
    """Whether the hour belongs to the night-time economy, from 18:00 to just before 06:00."""
    return hour >= 18 or hour < 6


def night_of(weekday: int, hour: int) -> str | None:
    """The weekday on whose evening the night began; None by day."""
    if not is_nte(hour):
        return None
    return WEEKDAYS[weekday - 1] if hour >= 18 else WEEKDAYS[weekday - 2]


def violence_profile(crimes: CrimesByMonth, complete: Sequence[date]) -> list[Row]:
    """The columns of `violence_profile` from `window_from` on: one row per six consecutive complete months.

    `crimes` are those of the measure `assault_profile`.
    """
    counts = {month: len(crimes[month]) for month in crimes}
    rows: list[Row] = []
    for last in complete:
        window = last_months(last, 6)
        if not all(month in complete for month in window):
            continue
        inside = [crime for month in window for crime in crimes[month]]
        nights = [night for crime in inside if (night := night_of_crime(crime))]
        previous = total(counts, last_months(window[0], 7)[:6])
        rows.append(
            {
                "window_from": window[0],
                "window_to": last_of_month(last),
                "offences": len(inside),
                "previous_six_months": previous,
                "change_pct": change_pct(len(inside), previous),
                "committed_before_window": sum(is_committed_before(crime, window[0]) for crime in inside),
                "nte": len(nights),
                "nte_share_pct": share_pct(len(nights), len(inside)),
                "thu_sat_nights": sum(night in {"Thursday", "Friday", "Saturday"} for night in nights),
                "alcohol": sum(crime.alcohol is True for crime in inside),
                "domestic_abuse": sum(crime.domestic_abuse is True for crime in inside),
                "drugs": sum(crime.drugs is True for crime in inside),
                **{name: sum(crime.circumstance == name for crime in inside) for name in CIRCUMSTANCES},
                "not_classified": sum(crime.circumstance is None for crime in inside),
            }
        )
    return rows


def night_of_crime(crime: Crime) -> str | None:
    """The night of the night-time economy in which the crime began; None by day or where that is not known."""
    return None if crime.committed_from is None else night_of(*hour_of_week(crime.committed_from))


def is_committed_before(crime: Crime, day: date) -> bool:
    """Whether the crime was over, as far as is known, before the day began."""
    committed = crime.committed_to or crime.committed_from
    return committed is not None and committed < datetime.combine(day, time.min)


def acquisitive_methods(crimes: CrimesByMonth) -> list[Row]:
    """The columns of `acquisitive_methods` from `month` on: one row per month and method that occurs.

    `crimes` are those of the measure `acquisitive_crime`.
    """
    rows: list[Row] = []
    for month in crimes:
        numbers = {method: sum(crime.is_in(method) for crime in crimes[month]) for method in TAG_MEASURES}
        rows += [{"month": month, "method": method, "offences": number} for method, number in numbers.items() if number]
    return rows


def acquisitive_operations(crimes: CrimesByMonth) -> list[Row]:
    """The columns of `acquisitive_operations` from `month` on: one row per month and operation that occurs."""
    rows: list[Row] = []
    for month in crimes:
        numbers = Counter(crime.operation for crime in crimes[month] if crime.operation)
        rows += [{"month": month, "operation": name, "offences": number} for name, number in sorted(numbers.items())]
    return rows


def recording_timeliness(crimes: CrimesByMonth) -> list[Row]:
    """The columns of `recording_timeliness` from `month` on: one row per month with a crime of known report."""
    rows: list[Row] = []
    for month in crimes:
        known = [(crime.reported_at, crime.recorded_at) for crime in crimes[month] if crime.reported_at]
        if known:
            within_24h = sum(recorded - reported <= 24 * HOUR for reported, recorded in known)
            later_month = sum(
                (reported.year, reported.month) != (recorded.year, recorded.month) for reported, recorded in known
            )
            rows.append(
                {
                    "month": month,
                    "recorded": len(known),
                    "recorded_within_24h": within_24h,
                    "share_pct": share_pct(within_24h, len(known)),
                    "recorded_later_month": later_month,
                    "later_month_pct": share_pct(later_month, len(known)),
                }
            )
    return rows
