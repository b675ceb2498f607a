"""What stands beside the monthly counts of a measure: the profile of assaults, and the trend of incidents."""

from __future__ import annotations

from flows.disclosure import disclose
from flows.freshness import in_words
from flows.report import narrative
from flows.report.counted import Context
from flows.report.document import MISSING, WITHHELD, Block, Cell, Table, change, count, word
from flows.report.narrative import month_name
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
        sources=("asb_incidents",),
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
