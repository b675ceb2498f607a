"""What is done or attended, by month: a paragraph, a table by kind, and a chart, from any mart of activity.

Most of these marts have no as-of form: they are as last known in the release, of months up to that of the report, and
every block says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flows.report import charts, narrative
from flows.report.counted import Context
from flows.report.document import Block, Chart, Table, change, count, word
from flows.report.figures import Series, shifted
from flows.report.narrative import Noun, month_name, span

_PROPER = {"ct": "CT", "cbo": "CBO", "hgv": "HGV", "lgv": "LGV", "phv": "PHV", "20mph": "20 mph"} | {
    name: name.capitalize() for name in ("argus", "griffin", "luscombe", "alabama", "prevent")
}


@dataclass(frozen=True)
class Also:
    """A further row of a table: its label, its column, and a sentence of the month's number where there is one."""

    label: str
    number: str
    said: str = ""


@dataclass(frozen=True)
class Done:
    """Something that is done or attended, from one mart: a paragraph, a table by kind, and a chart of its months.

    `number` is the column that counts it, `by` the one whose values are the rows, `month` the one that dates it.
    `total` names the row of all kinds together; without it they are not to be added up nor said as one.
    """

    key: str
    title: str
    caption: str
    mart: str
    source: str
    number: str
    noun: Noun
    by: str = ""
    head: str = "What"
    total: str = ""
    also: tuple[Also, ...] = ()
    month: str = "month"
    names: Mapping[str, str] = field(default_factory=dict)
    chart: str = ""
    unit: str = ""
    notes: tuple[str, ...] = ()

    def __call__(self, context: Context) -> list[Block]:
        """The block, or none where the mart holds nothing of it."""
        total = self._asked(context, [], self.number).get(())
        if total is None:
            return []
        rows = self._asked(context, [self.by], self.number) if self.by else {}
        series = {self.names.get(kind) or named(kind): each for (kind,), each in rows.items()}
        if self.total:
            series[self.total] = total
        further = {also: self._asked(context, [], also.number)[()] for also in self.also}
        month = context.marts.edition.month
        said = [narrative.done_in_month(self.noun, total, month)] if self.total else []
        said += [also.said.format(f"{number:,}") for also, each in further.items() if (number := each.at(month))]
        series |= {also.label: each for also, each in further.items()}
        table = series_table(context, self.key, self.caption, self.head, series, sources=(self.source,))
        return [
            Block(
                title=self.title,
                paragraphs=(" ".join(said),) if said else (),
                charts=(self._chart(context, total),) if self.chart else (),
                tables=(table,),
                notes=(last_known(context), *self.notes),
            )
        ]

    def _chart(self, context: Context, total: Series) -> Chart:
        title = f"{self.chart} by month"
        return bars(context, f"{self.key}_chart", title, total, unit=self.unit, source=self.source)

    def _asked(self, context: Context, by: list[str], number: str) -> dict[tuple[Any, ...], Series]:
        return context.marts.activity(self.mart, self.source, by, number, self.month)


def series_table(
    context: Context,
    key: str,
    caption: str,
    what: str,
    series: Mapping[str, Series],
    *,
    sources: tuple[str, ...],
    is_last_known: bool = True,
) -> Table:
    """The months of each series compared."""
    month = context.marts.edition.month
    year_before = shifted(month, -12)
    return Table(
        key=key,
        caption=f"{caption}: {month_name(month)} compared",
        columns=(
            what,
            month_name(month),
            month_name(shifted(month, -1)),
            "Change",
            month_name(year_before),
            "Financial year to date",
            "Same months a year before",
            "Twelve months",
            "Twelve before",
        ),
        rows=tuple(
            (
                word(name),
                count(each.at(month)),
                count(each.at(shifted(month, -1))),
                change(_difference(each.at(month), each.at(shifted(month, -1)))),
                count(each.at(year_before)),
                count(each.financial_year(month)),
                count(each.financial_year(year_before)),
                count(each.twelve(month)),
                count(each.twelve(year_before)),
            )
            for name, each in series.items()
        ),
        sources=sources,
        last_known=is_last_known,
    )


def bars(context: Context, key: str, title: str, series: Series, *, unit: str, source: str) -> Chart:
    """A chart of the 24 months of a series."""
    of = span(min(series.months), max(series.months))
    table = Table(
        key=key,
        caption=f"{title}, {of}",
        columns=("Month", unit.capitalize()),
        rows=tuple((word(month_name(month)), count(number)) for month, number in series.months.items()),
        sources=(source,),
        last_known=True,
    )
    known = [(number, month) for month, number in series.months.items() if number is not None]
    says = f"Bar chart, {title.lower()}, {of}."
    if known:
        most, least = max(known), min(known)
        says += f" Most in {month_name(most[1])}, {most[0]:,}; fewest in {month_name(least[1])}, {least[0]:,}."
    missing = [month_name(month) for month, number in series.months.items() if number is None]
    says += f" No figure for {narrative.listed(missing)}." if missing else ""
    svg = charts.bars(key, series.months, unit, f"{context.marking} · as last known in the release")
    return Chart(key, title, svg, says, table)


def named(code: str) -> str:
    """A name of the marts as people write it."""
    parts = [_PROPER.get(part, part) for part in code.split("_")]
    joined = " ".join(parts)
    return joined[:1].upper() + joined[1:]


def last_known(context: Context) -> str:
    return (
        f"Period: months up to {month_name(context.marts.edition.month)}. This table has no as-of form: it is as last"
        " known in the release named above, which may know more than was known on the as-of date."
    )


def _difference(new: int | None, old: int | None) -> int | None:
    return None if new is None or old is None else new - old
