"""How a section with counted measures is set out: its table, and of each measure paragraph, charts, places and notes.

What a section has in it is a plan, which is data. Another edition is another list of plans (`sections.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from flows.freshness import in_words
from flows.report import charts, narrative
from flows.report.document import (
    NO_PERCENTAGE,
    SMALL_BASE_MARK,
    UNDER_FIVE,
    WITHHELD,
    Block,
    Cell,
    Chart,
    RecordSource,
    Section,
    Table,
    change,
    count,
    decimal,
    percent,
    percent_change,
    word,
)
from flows.report.figures import HEAT_MONTHS, HOT_FROM, Hours, Marts, Measure, Monthly, Place, PlaceType, shifted
from flows.report.narrative import DAYS, Noun, month_name, span

CHART_MONTHS = 36

AREAS: dict[RecordSource, tuple[PlaceType, ...]] = {"force": ("ward", "street"), "police_uk": ("lsoa", "point")}
"""The kinds of places that are shown, largest first."""

_PLACES_ARE: dict[RecordSource, str] = {
    "force": "A street is not a ward, also where they share a name.",
    "police_uk": "Before publication each was moved to the nearest point of a national list, which is called by a"
    " street or a kind of place; none of them is where anything happened.",
}

Blocks = Callable[["Context"], list[Block]]


@dataclass(frozen=True)
class Context:
    """What every section is made from: the figures, and the marking that stands on every chart."""

    marts: Marts
    marking: str

    @property
    def as_of(self) -> str:
        """The as-of date in words."""
        return in_words(self.marts.edition.as_of)

    @property
    def on_chart(self) -> str:
        """What stands on a chart of figures that have an as-of form."""
        return f"{self.marking} · as of {self.as_of}"


@dataclass(frozen=True)
class Counted:
    """A measure with a control chart and a paragraph. `parts` are those of which the largest changes are told."""

    measure: str
    noun: Noun
    hours: bool = False
    places: bool = False
    parts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan:
    """A section: its measures with charts, the rows of its table, and blocks of figures that are no monthly counts."""

    key: str
    title: str
    counted: tuple[Counted, ...] = ()
    rows: tuple[str, ...] = ()
    blocks: tuple[Blocks, ...] = ()


@dataclass(frozen=True)
class Outline:
    """An edition: its title, the totals of its first section, and its sections.

    Without a marking of its own it has that of the release.
    """

    title: str
    headlines: tuple[Counted, ...]
    plans: tuple[Plan, ...]
    marking: str = ""


NOUNS = {
    "abh": Noun("offence of actual bodily harm", "offences of actual bodily harm"),
    "affray": Noun("affray", "affrays"),
    "assault_custody_officer": Noun("assault on a custody officer", "assaults on custody officers"),
    "assault_police_emergency": Noun(
        "assault on a police or emergency worker", "assaults on police and emergency workers"
    ),
    "bag_theft_licensed_premises": Noun("bag theft in licensed premises", "bag thefts in licensed premises"),
    "burglary": Noun("burglary", "burglaries"),
    "bicycle_theft": Noun("bicycle theft", "bicycle thefts"),
    "common_assault": Noun("common assault", "common assaults"),
    "gbh_with_intent": Noun(
        "offence of grievous bodily harm with intent", "offences of grievous bodily harm with intent"
    ),
    "gbh_without_intent": Noun(
        "offence of grievous bodily harm without intent", "offences of grievous bodily harm without intent"
    ),
    "malicious_communications": Noun("malicious communication", "malicious communications"),
    "public_order_s4": Noun("section 4 offence", "section 4 offences"),
    "public_order_s4a": Noun("section 4A offence", "section 4A offences"),
    "public_order_s5": Noun("section 5 offence", "section 5 offences"),
    "robbery_business": Noun("robbery of business property", "robberies of business property"),
    "robbery_personal": Noun("robbery of personal property", "robberies of personal property"),
    "sexual_offences": Noun("sexual offence", "sexual offences"),
    "shoplifting": Noun("shoplifting offence", "shoplifting offences"),
    "theft_from_person": Noun("theft from the person", "thefts from the person"),
    "theft_other": Noun("other theft", "other thefts"),
    "vehicle_crime": Noun("vehicle crime", "vehicle crimes"),
    "violence_with_injury": Noun("offence of violence with injury", "offences of violence with injury"),
    "violence_without_injury": Noun("offence of violence without injury", "offences of violence without injury"),
}

SENSITIVE = frozenset({"racially_religiously_aggravated_had"})
"""Hate crime: counts of 1 to 4 are not told, nor sums from which two reports would give them away."""


def noun(measure: Measure) -> Noun:
    """What a measure counts, by its label where nothing better is said."""
    label = measure.label.removeprefix("Anti-social behaviour: ").lower()
    if measure.theme == "asb" and measure.name != "asb":
        return Noun(f"incident of {label}", f"incidents of {label}")
    return NOUNS.get(measure.name, Noun(f"{label} offence", f"{label} offences"))


def make(plan: Plan, context: Context) -> Section | None:
    """A section, or None where the release holds none of its figures."""
    measures = context.marts.measures
    blocks: list[Block] = []
    if any(measure in measures for measure in plan.rows):
        blocks.append(comparison(plan, context))
    for counted in plan.counted:
        if counted.measure in measures:
            block = _counted(counted, context)
            blocks.append(replace(block, title="In total") if block.title == plan.title else block)
    for extra in plan.blocks:
        blocks += extra(context)
    return Section(plan.key, plan.title, tuple(blocks)) if blocks else None


def headlines(counted: Sequence[Counted], restated: str, context: Context) -> Section:
    """The first section: of each total a paragraph, what was restated, and all of them compared."""
    heads = [each for each in counted if each.measure in context.marts.measures]
    plan = Plan("headline", "Headline", rows=tuple(each.measure for each in heads))
    said = [*joined(headline(each, context) for each in heads), restated]
    return Section(plan.key, plan.title, (replace(comparison(plan, context), paragraphs=tuple(said)),))


def comparison(plan: Plan, context: Context) -> Block:
    """The table of a section: each measure in the month, beside the month before, a year before and longer spans."""
    month = context.marts.edition.month
    measures = [context.marts.measures[name] for name in plan.rows if name in context.marts.measures]
    table = Table(
        key=f"{plan.key}_months",
        caption=f"{plan.title}: {month_name(month)} compared ({_unit(measures)})",
        columns=(
            "Measure",
            month_name(month),
            month_name(shifted(month, -1)),
            "Change",
            "Change %",
            month_name(shifted(month, -12)),
            "Financial year to date",
            "Same months a year before",
            "Change %",
            "Twelve months",
            "Twelve before",
            "Change %",
        ),
        rows=tuple(_row(measure) for measure in measures),
        sources=_sources(measures),
    )
    notes = [
        _period(context),
        f"{NO_PERCENTAGE} stands for a percentage on a base under 5, which is not given. {SMALL_BASE_MARK} marks one on"
        " a base under 20: read the counts first.",
    ]
    if any(measure.name in SENSITIVE for measure in measures):
        notes.append("Hate crime: counts of 1 to 4, and sums that would give them away, are withheld.")
    return Block(tables=(table,), notes=tuple(notes))


def _unit(measures: list[Measure]) -> str:
    themes = {measure.theme for measure in measures}
    if themes == {"asb"}:
        return "incidents"
    return "offences, incidents of anti-social behaviour" if "asb" in themes else "offences"


def _row(measure: Measure) -> tuple[Cell, ...]:
    now = measure.now
    year_before = measure.year_before(now.month)
    if measure.name in SENSITIVE:
        counts = [now.offences, now.previous_month, year_before]
        this, before, a_year_before = (_protected(number) for number in counts)
        return (word(measure.label), this, before, *[word(WITHHELD)] * 2, a_year_before, *[word(WITHHELD)] * 6)
    return (
        word(_in_section(measure)),
        count(now.offences),
        count(now.previous_month),
        change(now.change),
        percent_change(now.change_pct, now.previous_month),
        count(year_before),
        count(now.fytd),
        count(now.fytd_previous),
        percent_change(now.fytd_change_pct, now.fytd_previous),
        count(now.rolling_12),
        count(now.rolling_12_previous),
        percent_change(now.rolling_12_change_pct, now.rolling_12_previous),
    )


def _in_section(measure: Measure) -> str:
    """The label of a measure where the section says what it is a part of."""
    label = measure.label.removeprefix("Anti-social behaviour: ")
    return label[:1].upper() + label[1:]


def _protected(number: int | None) -> Cell:
    return Cell(UNDER_FIVE) if number is not None and 1 <= number <= 4 else count(number)


def _counted(counted: Counted, context: Context) -> Block:
    """The paragraph, control chart, heat map, places and footnotes of a measure."""
    marts, measure = context.marts, context.marts.measures[counted.measure]
    shown = measure.last(CHART_MONTHS)
    month = hours = None
    places: dict[PlaceType, list[Place]] = {}
    if counted.hours:
        month, hours = marts.hours(measure.name, 1), marts.hours(measure.name, HEAT_MONTHS)
    if counted.places and measure.now.offences is not None:
        places = {kind: marts.places(measure.name, kind) for kind in AREAS[marts.edition.record_source]}
    paragraphs = (
        *told(counted, context),
        [*(narrative.when(month) if month else []), narrative.where(places) if places else ""],
    )
    drawn = [_control_chart(measure, shown, context)]
    if hours and hours.timed:
        drawn.append(_heat_map(measure, hours, context))
    tables = tuple(_places(measure, kind, found) for kind, found in places.items() if found)
    return Block(
        title=measure.label,
        paragraphs=joined(paragraphs),
        charts=tuple(drawn),
        tables=tables,
        notes=tuple(_notes(counted, measure, month, hours, context)),
    )


def told(counted: Counted, context: Context) -> list[list[str]]:
    """The sentences on the counts of a measure, by paragraph."""
    marts, measure = context.marts, context.marts.measures[counted.measure]
    now = measure.now
    parts = [marts.measures[part] for part in counted.parts if part in marts.measures]
    return [
        [
            *in_short(counted, context),
            narrative.largest_moves([(part, noun(part)) for part in parts]),
        ],
        [
            narrative.against_average(now),
            *narrative.control_chart(measure),
            *narrative.gaps(
                [month for month in measure.last(CHART_MONTHS) if month.offences is not None or month != now]
            ),
        ],
        [
            narrative.year_before(measure),
            narrative.to_date(measure, counted.noun),
            narrative.twelve_months(measure),
        ],
    ]


def in_short(counted: Counted, context: Context) -> list[str]:
    """The count of the month, and whether its change means anything."""
    measure = context.marts.measures[counted.measure]
    first = context.marts.first_published(measure.name, shifted(measure.now.month, -1))
    return [narrative.counted_in_month(measure, counted.noun, first), narrative.significance(measure.now)]


def headline(counted: Counted, context: Context) -> list[str]:
    """What the first page says of a measure."""
    measure = context.marts.measures[counted.measure]
    return [
        *in_short(counted, context),
        narrative.to_date(measure, counted.noun),
        *narrative.control_chart(measure),
    ]


def joined(paragraphs: Iterable[list[str]]) -> tuple[str, ...]:
    """Paragraphs of their sentences, without what there was nothing to say of."""
    return tuple(filter(None, (" ".join(filter(None, said)) for said in paragraphs)))


def _control_chart(measure: Measure, shown: list[Monthly], context: Context) -> Chart:
    key = f"{measure.name}_chart"
    now = measure.now
    months = span(shown[0].month, shown[-1].month)
    signals = [f"{month_name(month.month)} ({_signal(month)})" for month in shown if month.signal]
    missing = [month_name(month.month) for month in shown if month.offences is None]
    says = f"Control chart of {measure.label.lower()}, {months}. "
    says += f"{month_name(now.month)}: {count(now.offences).text}"
    if now.lower_limit is not None:
        says += (
            f", centre line {decimal(now.centre_line).text}, control limits {decimal(now.lower_limit).text}"
            f" to {decimal(now.upper_limit).text}"
        )
    says += f". Months with a signal: {'; '.join(signals) if signals else 'none'}."
    says += f" Gaps, for these months did not arrive: {', '.join(missing)}." if missing else ""
    table = Table(
        key=key,
        caption=f"{measure.label} by month, {months}",
        columns=(
            "Month",
            "Count",
            "Centre line",
            "Lower limit",
            "Upper limit",
            "Five-year average",
            "Signal",
            "Coverage",
        ),
        rows=tuple(
            (
                word(month_name(month.month)),
                count(month.offences),
                decimal(month.centre_line),
                decimal(month.lower_limit),
                decimal(month.upper_limit),
                decimal(month.five_year_average),
                word(_signal(month) if month.signal else "none"),
                word(month.coverage),
            )
            for month in shown
        ),
        sources=_sources([measure]),
    )
    svg = charts.control_chart(key, shown, context.on_chart)
    return Chart(key, f"{measure.label} by month, with control limits", svg, says, table)


def _signal(month: Monthly) -> str:
    return (month.signal or "").replace("_", " ")


def _heat_map(measure: Measure, hours: Hours, context: Context) -> Chart:
    key = f"{measure.name}_hours"
    months = span(hours.first, hours.last)
    spread = sorted(
        ((offences, day, hour) for day, row in enumerate(hours.spread) for hour, offences in enumerate(row)),
        reverse=True,
    )[:3]
    busiest = [f"{DAYS[day]} {hour:02}:00 ({decimal(offences).text})" for offences, day, hour in spread]
    table = Table(
        key=key,
        caption=f"{measure.label} by day and hour of commission, {months}, spread over the time each may have taken",
        columns=("Hour", *DAYS),
        rows=tuple(
            (word(f"{hour:02}:00"), *(decimal(hours.spread[day][hour]) for day in range(7))) for hour in range(24)
        ),
        sources=_sources([measure]),
    )
    return Chart(
        key,
        f"{measure.label} by day and hour, {months}",
        charts.heat_map(key, hours.spread, context.on_chart),
        f"Heat map of {measure.label.lower()} by weekday and hour, {months}. The most in one hour of the week:"
        f" {narrative.listed(busiest)}. Between the dashed lines lies the day, from 06:00 to 18:00.",
        table,
    )


def _places(measure: Measure, kind: PlaceType, places: list[Place]) -> Table:
    area = narrative.AREA[kind]
    return Table(
        key=f"{measure.name}_{kind}s",
        caption=f"{measure.label}: {area.many} with the most in {month_name(measure.now.month)}",
        columns=(
            area.one[:1].upper() + area.one[1:],
            _unit([measure]).capitalize(),
            "Share of all %",
            "Of the last three months, with at least two",
        ),
        rows=tuple(
            (word(place.place), count(place.offences), percent(place.share_pct), count(place.repeat_months))
            for place in places
        ),
        sources=_sources([measure]),
    )


def _notes(
    counted: Counted, measure: Measure, month: Hours | None, hours: Hours | None, context: Context
) -> Iterator[str]:
    now = measure.now
    yield _period(context)
    yield f"Definition: {definition(measure, context)}"
    if limits := known_limits(measure, context):
        yield f"Known limits: {limits}"
    if now.baseline_from and now.baseline_to and now.centre_line is not None:
        yield (
            f"Control limits: mean {decimal(now.centre_line).text} ± 2.66 × mean moving range over"
            f" {span(now.baseline_from, now.baseline_to)} ({now.baseline_months} months with a count), not under 0."
            " They are renewed each April, so the lines step there."
        )
    if now.five_year_average is not None:
        yield (
            f"Five-year average: mean of each month's counts in the previous five years; of {now.month:%B},"
            f" {now.five_year_years} of them have one."
        )
    if month and hours:
        yield (
            f"Days and hours are of commission, the month is of recording. The paragraph counts by the start, of"
            f" {month.timed:,} with a known time in {month_name(hours.last)}; the heat map spreads each of the"
            f" {hours.timed:,} with a known time in {span(hours.first, hours.last)} over the hours it may have taken."
            f" Without a known time, and so in neither: {month.untimed:,} and {hours.untimed:,}."
        )
    if counted.places and now.offences is not None:
        yield (
            f"Places: shares are of all {count(now.offences).text} of the month, those without a place included. Places"
            f" with fewer than {HOT_FROM} are not shown, premises never."
            f" {_PLACES_ARE[context.marts.edition.record_source]}"
        )


def definition(measure: Measure, context: Context) -> str:
    """Of the definition of a measure, the sentences that are of the edition's records."""
    force, _, open_data = measure.definition.partition(" police.uk: ")
    if context.marts.edition.record_source == "police_uk":
        return open_data[:1].upper() + open_data[1:]
    said = force.removeprefix("Force: ")
    return said[:1].upper() + said[1:]


def known_limits(measure: Measure, context: Context) -> str:
    """The note of a measure; in a report of the force's own records without what it says of data.police.uk."""
    said = (measure.note or "").split(". ")
    if context.marts.edition.record_source == "force":
        said = [sentence for sentence in said if "police.uk" not in sentence]
    return ". ".join(said).rstrip(".") + "." if said else ""


def _period(context: Context) -> str:
    edition = context.marts.edition
    whose = "as recorded by the force" if edition.record_source == "force" else "as published on data.police.uk"
    return f"Period: {month_name(edition.month)}, {whose}, by the month of recording. As of: {context.as_of}."


def _sources(measures: list[Measure]) -> tuple[str, ...]:
    return tuple(sorted({source for measure in measures for source in measure.sources}))
