"""What crimes were like and how soon they were recorded, from the counted crimes of each month.

Written from the specification alone. All arithmetic is on London wall time, as if no clock were ever changed.
A month is in `crimes` when it has a count, also when that is 0.

How the model reads what the specification leaves open:

* Of a crime with an end but no beginning, only "committed before the window" looks at its end.
* `nte` and `thu_sat_nights` go by the clock hour of the beginning.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time

from tests.model.crime_measures import TAG_MEASURES, Crime
from tests.model.months import last_months, last_of_month
from tests.model.performance import Row, change_pct, share_pct, total
from tests.model.times import HOUR, hour_of_week, night_of

CIRCUMSTANCES = ("staff_victim", "domestic", "colleagues", "by_staff", "road_rage", "other")

CrimesByMonth = Mapping[date, Sequence[Crime]]


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
