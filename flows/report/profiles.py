"""What stands beside the monthly counts of measures: the profile of assaults, the night-time economy, the trend."""

from __future__ import annotations

from flows.disclosure import disclose
from flows.freshness import in_words
from flows.report import narrative
from flows.report.counted import Context
from flows.report.document import MISSING, WITHHELD, Block, Cell, Table, change, count, percent, word
from flows.report.narrative import SMALL_BASE, month_name
from flows.trend import WINDOWS, least_squares, mann_kendall, verdict


def assault_profile(context: Context) -> list[Block]:
    """The assaults of the last six months."""
    found = context.marts.profile()
    if found is None:
        return []
    circumstances = {
        "Staff as victims": found.staff_victim,
        "Domestic": found.domestic,
        "Between colleagues": found.colleagues,
        "By staff": found.by_staff,
        "Road rage": found.road_rage,
        "Other": found.other,
        "Not classified": found.not_classified,
    }
    shown = disclose(found.offences, [list(circumstances.values())]).breakdowns[0]
    table = Table(
        key="assault_circumstances",
        caption=f"Assaults by circumstance, {in_words(found.window_from)} to {in_words(found.window_to)}",
        columns=("Circumstance", "Assaults"),
        rows=tuple(
            (word(name), Cell(WITHHELD) if cell.count is None else count(cell.count))
            for name, cell in zip(circumstances, shown, strict=True)
        ),
        sources=("crimes",),
    )
    return [
        Block(
            title="Assault profile",
            paragraphs=(" ".join(narrative.profile(found)),),
            tables=(table,),
            notes=(
                f"Period: {in_words(found.window_from)} to {in_words(found.window_to)}, by the day of recording."
                f" As of: {context.as_of}.",
                "Definition: violence with and without injury proper, without homicide, stalking and harassment, and"
                " unlawful driving.",
                f"Denominator of every share: all {found.offences:,} assaults, those without a known time included.",
                "Known limits: circumstances are as an analyst coded them. A count that could tell of one to four is"
                " withheld.",
            ),
        )
    ]


NIGHT_TIME = ("violence", "violence_with_injury", "acquisitive_crime", "public_order", "asb")
"""The measures whose part in the night-time economy is told."""


def night_time(context: Context) -> list[Block]:
    """How much of the month began in the night-time economy, by measure."""
    marts = context.marts
    if marts.edition.record_source != "force":
        return []
    month = month_name(marts.edition.month)
    hours = {name: marts.hours(name, 1) for name in NIGHT_TIME if name in marts.measures}
    table = Table(
        key="night_time",
        caption=f"Offences and incidents of {month} that began in the night-time economy",
        columns=("Measure", "With a known time", "In the night-time economy", "Share %", "Thursday to Saturday nights"),
        rows=tuple(
            (
                word(marts.measures[name].label),
                count(of.timed),
                count(sum(of.nights)),
                percent(100 * sum(of.nights) / of.timed if of.timed >= SMALL_BASE else None),
                count(sum(of.nights[3:6])),
            )
            for name, of in hours.items()
        ),
        sources=("crimes", "asb_incidents"),
    )
    return [
        Block(
            title="Night-time economy",
            tables=(table,) if hours else (),
            notes=(
                f"Period: {month}, by the month of recording. As of: {context.as_of}.",
                "Night-time economy: from 18:00 to before 06:00, by the start of the committed time. A night is counted"
                " to the day that it began on: Saturday at 02:00 is Friday night.",
                "Denominator: offences of the month with a known time. No share is given of fewer than 20.",
                "Violence with injury is a part of violence. Crimes and incidents are never added together.",
            ),
        )
    ]


def trend(context: Context) -> list[Block]:
    """Whether incidents of anti-social behaviour go up or down over 7, 12 and 24 months, as they were known."""
    measure = context.marts.measures.get("asb")
    if measure is None:
        return []
    said, rows = [], []
    for window in WINDOWS:
        months = measure.last(window)
        counts = [month.offences for month in months if month.offences is not None]
        if len(months) < window or len(counts) < window:
            rows.append((word(f"{window} months"), *[Cell(MISSING)] * 4))
            continue
        slope, _ = least_squares(counts)
        s, p_value = mann_kendall(counts)
        said.append(narrative.trend(counts, [month.month for month in months], slope, (s, p_value)))
        rows.append(
            (
                word(f"{window} months"),
                Cell(f"{slope:+.2f}".replace("-", "−"), round(slope, 2)),
                change(s),
                Cell(narrative.in_p(p_value).removeprefix("p ").removeprefix("= "), round(p_value, 2)),
                word(verdict(s, p_value)),
            )
        )
    table = Table(
        key="asb_trend",
        caption=f"Trend of anti-social behaviour up to {month_name(context.marts.edition.month)}",
        columns=("Window", "Slope, incidents a month", "Mann-Kendall S", "p", "Verdict"),
        rows=tuple(rows),
        sources=measure.sources,
    )
    return [
        Block(
            title="Trend",
            paragraphs=(" ".join(said),),
            tables=(table,),
            notes=(
                f"As of: {context.as_of}; worked out from the monthly counts above as the table asb_trend is.",
                "The verdict is that of the Mann-Kendall test at 5 %. No significant trend is not proof that there is"
                " none, and of several windows one may come out by chance. The test knows nothing of seasons.",
            ),
        )
    ]
