"""What a reader must know to trust the figures: what was restated, what arrived, how it fared, how soon recorded."""

from __future__ import annotations

from datetime import date

from flows.freshness import in_words
from flows.report import narrative
from flows.report.counted import Context
from flows.report.document import (
    MISSING,
    WITHHELD,
    Block,
    Cell,
    RecordSource,
    Section,
    Table,
    change,
    count,
    percent,
    word,
)
from flows.report.figures import Restated, SourceState, months_between, shifted
from flows.report.narrative import month_name
from flows.report.pages import words

MOVES_WHEN: dict[RecordSource, str] = {
    "force": "crimes are recorded late, reclassified or cancelled",
    "police_uk": "the month is published anew",
}


def section(restated: list[Restated], since: date, context: Context) -> Section:
    """The last section."""
    blocks = (*restatements(restated, since, context), *arrived(context), *timeliness(context))
    return Section("trust", "Data quality, coverage and restatements", blocks)


def restatements(found: list[Restated], before: date, context: Context) -> list[Block]:
    """The counts shown in this report that moved since last month's, from what to what, and why."""
    rows = tuple(
        (
            word(item.label),
            word(month_name(item.month)),
            count(item.before),
            count(item.after),
            change(item.change),
            word(narrative.moved(item.causes) or "its definition or its coverage"),
        )
        for item in found
    )
    table = Table(
        key="restated",
        caption=f"Monthly counts restated since last month's report, as of {in_words(before)}",
        columns=("Measure", "Month", "Then", "Now", "Change", "Why"),
        rows=rows,
        heads=2,
        sources=tuple(sorted({source for each in context.marts.measures.values() for source in each.sources})),
    )
    return [
        Block(
            title="Restated since last month's report",
            paragraphs=(narrative.restated_sentence(found, before),),
            tables=(table,) if rows else (),
            notes=(
                f"Then: as of {in_words(before)}. Now: as of {context.as_of}. Both count the same month; a count moves"
                f" when {MOVES_WHEN[context.marts.edition.record_source]}.",
            ),
        )
    ]


def arrived(context: Context) -> list[Block]:
    """The months of each source that arrived, and the share of checks that its rows passed."""
    month = context.marts.edition.month
    sources = context.marts.sources()
    months = months_between(shifted(month, -12), month)
    coverage = Table(
        key="coverage",
        caption="Months that have arrived, by source",
        columns=("Source", *(f"{at:%b %Y}" for at in months)),
        rows=tuple(
            (word(words(source.source)), *(word(source.states[at] or "not covered") for at in months))
            for source in sources
        ),
        sources=tuple(source.source for source in sources),
        last_known=True,
    )
    checks = Table(
        key="checks",
        caption=f"Checks of rows in the extracts of the twelve months to {context.as_of}",
        columns=("Source", "What it is", "Newest extract", "Checks", "Failed", "Failed %"),
        rows=tuple(
            (
                word(words(source.source)),
                word(source.title),
                word(in_words(source.newest_extract) if source.newest_extract else "none"),
                *_checks(source),
            )
            for source in sources
        ),
        sources=tuple(source.source for source in sources),
    )
    missing = [
        f"{words(source.source)} {narrative.listed(lacking)}"
        for source in sources
        if (lacking := [month_name(at) for at in months if source.states[at] != "complete"])
    ]
    said = (
        f"Not complete in the last thirteen months: {'; '.join(missing)}. What is missing is a gap, never a zero."
        if missing
        else "Every source is complete in each of the last thirteen months."
    )
    return [
        Block(
            title="Coverage and checks",
            paragraphs=(said,),
            tables=(coverage, checks),
            notes=(
                "Coverage is as last known in the release named above; the control charts use what was known on the"
                " as-of date. Complete: everything of the month arrived. Partial: an extract in between was rejected,"
                " so that counts are too low. Missing: nothing stands for the month. Not covered: outside what the"
                " source delivers.",
                "A check is one rule that looks at one row. Failed rows of a critical rule are held back from every"
                " figure. Counts of confidential sources are withheld.",
            ),
        )
    ]


def timeliness(context: Context) -> list[Block]:
    """How soon crimes were recorded after their report."""
    found = context.marts.timeliness()
    if not found or context.marts.edition.record_source != "force":
        return []
    last = found[-1]
    said = ""
    if last.month == context.marts.edition.month and last.share_pct is not None:
        said = (
            f"Of {last.recorded:,} crimes of {month_name(last.month)} with a known time of report,"
            f" {last.recorded_within_24h:,} ({percent(last.share_pct).text}) were recorded within 24 hours of it."
        )
    table = Table(
        key="timeliness",
        caption="Crimes recorded within 24 hours of their report",
        columns=("Month", "Crimes with a time of report", "Within 24 hours", "Within 24 hours %", "In a later month"),
        rows=tuple(
            (
                word(month_name(each.month)),
                count(each.recorded),
                count(each.recorded_within_24h),
                percent(each.share_pct),
                count(each.recorded_later_month),
            )
            for each in found
        ),
        sources=("crimes",),
        last_known=True,
    )
    return [
        Block(
            title="How soon crimes were recorded",
            paragraphs=(said,) if said else (),
            tables=(table,),
            notes=(
                "This table has no as-of form: it is as last known in the release named above. Denominator: counted"
                " crimes of the month with a time of report.",
            ),
        )
    ]


def _checks(source: SourceState) -> tuple[Cell, ...]:
    if not source.extracts:
        return (Cell(MISSING),) * 3
    if source.checked is None or source.failed is None:
        return (Cell(WITHHELD),) * 3
    share = 100 * source.failed / source.checked if source.checked else None
    return count(source.checked), count(source.failed), percent(share)
