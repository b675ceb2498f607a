"""What police and partners did: enforcement, licensing, triage, the support bus, engagement, roads.

Most of their marts have no as-of form: they are as last known in the release, of months up to that of the report, and
every block says so. Numbers that could tell of one to four people are withheld by the rule of `flows.disclosure`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from flows.disclosure import SMALL, disclose
from flows.report import charts, narrative
from flows.report.counted import Context
from flows.report.document import (
    MISSING,
    WITHHELD,
    Block,
    Cell,
    Chart,
    Table,
    change,
    count,
    percent,
    share,
    word,
)
from flows.report.figures import Series, shifted
from flows.report.narrative import Noun, month_name, span
from flows.report.pages import words

_EVENTS = {"protest": "Protests", "counter_protest": "Counter-protests", "march": "Marches"}

STAGES = ("green", "yellow", "red", "blue", "cbo")

_PROPER = {"ct": "CT", "cbo": "CBO", "hgv": "HGV", "lgv": "LGV", "phv": "PHV", "20mph": "20 mph"} | {
    name: name.capitalize() for name in ("argus", "griffin", "luscombe", "alabama", "prevent")
}

ATTENDANCES = "Attendances are not unique people: who came twice counts twice."


def operations(context: Context) -> list[Block]:
    """Acquisitive crimes that an operation is named on."""
    found = context.marts.activity("acquisitive_operations", "crimes", ["operation"], "offences")
    if not found:
        return []
    table = _series_table(
        context,
        "operations",
        "Acquisitive crimes by operation",
        "Operation",
        {key[0]: each for key, each in found.items()},
    )
    return [
        Block(
            title="Operations",
            tables=(_of(table, "crimes"),),
            notes=(_last_known(context), "A crime may be named on more than one operation: never add them up."),
        )
    ]


def enforcement(context: Context) -> list[Block]:
    """Enforcement actions against anti-social behaviour, by hub and by month of issue."""
    hubs = context.marts.hubs()
    tables, said = [], []
    for programme in dict.fromkeys(hub.programme for hub in hubs):
        own = [hub for hub in hubs if hub.programme == programme]
        totals = [sum(getattr(hub, stage) for hub in own) for stage in STAGES]
        tables.append(
            Table(
                key=f"hubs_{programme}",
                caption=f"Operation {named(programme)}: actions by the hub that people were invited to",
                columns=("Hub", "Month", *map(named, STAGES)),
                rows=(
                    *(
                        (word(str(hub.number)), word(month_name(hub.month)), *(count(getattr(hub, s)) for s in STAGES))
                        for hub in own
                    ),
                    (word("All hubs"), word(""), *map(count, totals)),
                ),
                heads=2,
                sources=("enforcement_actions",),
                last_known=True,
            )
        )
        said_by_step = [f"{total:,} {_PROPER.get(stage, stage)}" for total, stage in zip(totals, STAGES, strict=True)]
        said.append(
            f"Operation {named(programme)} held {Noun('hub', 'hubs').counted(len(own))} from"
            f" {span(own[0].month, own[-1].month)}, to which belong {sum(totals):,} actions:"
            f" {narrative.listed(said_by_step)}."
        )
    actions = context.marts.activity(
        "asb_enforcement_monthly", "enforcement_actions", ["programme", "stage"], "actions"
    )
    if actions:
        ordered = sorted(actions.items(), key=lambda item: (item[0][0], STAGES.index(item[0][1])))
        shown = {f"{named(programme)}, {named(stage)}": series for (programme, stage), series in ordered}
        table = _series_table(context, "enforcement", "Enforcement actions by month of issue", "Programme, step", shown)
        tables.append(_of(table, "enforcement_actions"))
    if not tables:
        return []
    return [
        Block(
            title="Enforcement",
            paragraphs=tuple(said),
            tables=tuple(tables),
            notes=(
                _last_known(context),
                "Green is an intervention ticket, yellow a community protection warning, red a community protection"
                " notice, blue a summons or an application for a criminal behaviour order (CBO). By hub and by month of"
                " issue are two ways to count: never add them up. Actions without a hub are in the second only.",
            ),
        )
    ]


def protests(context: Context) -> list[Block]:
    """Protests, counter-protests and marches."""
    given = ("public_order_protests", "public_order_events")
    events = context.marts.activity(*given, ["event_type"], "events")
    total = context.marts.activity(*given, [], "events").get(())
    arrests = context.marts.activity(*given, [], "arrests").get(())
    if total is None or arrests is None:
        return []
    kinds = {_EVENTS.get(kind, named(kind)): series for (kind,), series in events.items()}
    table = _series_table(
        context, "protests", "Protests and marches", "What", {**kinds, "All of them": total, "Arrests at them": arrests}
    )
    month = context.marts.edition.month
    return [
        Block(
            title="Protests",
            paragraphs=(
                narrative.done_in_month(Noun("protest or march", "protests and marches"), total, month)
                + f" At those of the month there {_were(arrests.at(month), 'arrest')}.",
            ),
            charts=(
                _bars(
                    context, "protests_chart", "Protests and marches by month", total, unit="events", source=given[1]
                ),
            ),
            tables=(_of(table, given[1]),),
            notes=(_last_known(context), "Events, not crimes. Vigils and other events are not in it."),
        )
    ]


def licensing(context: Context) -> list[Block]:
    """What the licensing team did, and crimes and incidents at licensed premises."""
    source = "licensing_activities"
    done = {
        kind: each
        for (kind,), each in context.marts.activity("licensing", source, ["activity_type"], "activities").items()
    }
    assessed = context.marts.activity("licensing", source, ["activity_type"], "risk_assessed").get(("promoted_event",))
    crimes = context.marts.activity("licensing_linked", "crimes", [], "violent_crimes").get(())
    asb = context.marts.activity("licensing_linked", "asb_incidents", [], "asb_incidents").get(())
    month = context.marts.edition.month
    blocks = []
    if done:
        shown = {named(kind) + "s": series for kind, series in done.items()}
        if assessed:
            shown["Promoted events with a risk assessment"] = assessed
        table = _series_table(context, "licensing", "Licensing activities", "Activity", shown)
        visits = done.get("visit")
        blocks.append(
            Block(
                title="Licensing",
                paragraphs=(
                    " ".join(
                        narrative.done_in_month(noun, done[kind], month)
                        for kind, noun in (
                            ("visit", Noun("visit to premises", "visits to premises")),
                            ("promoted_event", Noun("promoted event", "promoted events")),
                            ("intervention", Noun("intervention", "interventions")),
                            ("deployment", Noun("deployment", "deployments")),
                        )
                        if kind in done
                    ),
                ),
                charts=(
                    _bars(context, "visits_chart", "Licensing visits by month", visits, unit="visits", source=source),
                )
                if visits
                else (),
                tables=(_of(table, source),),
                notes=(_last_known(context), "Visits count premises as often as they were visited."),
            )
        )
    if crimes and asb:
        table = _series_table(
            context,
            "licensing_linked",
            "Violent crimes at licensed premises, and incidents linked to them",
            "What",
            {"Violent crimes": crimes, "Incidents of anti-social behaviour": asb},
        )
        said = [
            narrative.done_in_month(
                Noun("violent crime at licensed premises", "violent crimes at licensed premises"), crimes, month
            ),
            narrative.done_in_month(
                Noun(
                    "incident of anti-social behaviour linked to licensed premises",
                    "incidents of anti-social behaviour linked to licensed premises",
                ),
                asb,
                month,
            ),
        ]
        blocks.append(
            Block(
                title="Crime and anti-social behaviour at licensed premises",
                paragraphs=(" ".join(said),),
                tables=(_of(table, "crimes", "asb_incidents"),),
                notes=(
                    _last_known(context),
                    "Crimes and incidents are never added together. Both are as complete as the coding of premises.",
                ),
            )
        )
    return blocks


def triage(context: Context) -> list[Block]:
    """Mental health street triage. Of months only the contacts: the rest is told for twelve months together."""
    table, source = "mental_health_triage", "triage_contacts"
    month = context.marts.edition.month
    columns = ("contacts", "s136_on_duty", "s136_off_duty", "s136_total", "avoided", "counterfactual_total")
    found = {column: context.marts.activity(table, source, [], column).get(()) for column in columns}
    contacts = found["contacts"]
    if contacts is None:
        return []
    twelve = {column: series.twelve(month) if series else None for column, series in found.items()}
    before = {column: series.twelve(shifted(month, -12)) if series else None for column, series in found.items()}
    names = {
        "contacts": "Contacts",
        "s136_on_duty": "Detentions under section 136 while a clinician was on duty",
        "s136_off_duty": "Detentions under section 136 while none was",
        "s136_total": "Detentions under section 136",
        "avoided": "Counted as avoided by the service",
        "counterfactual_total": "Assumption: detentions had none been avoided",
    }
    rows: list[tuple[Cell, ...]] = [
        (word(names[column]), count(twelve[column]), count(before[column])) for column in columns
    ]
    rows.append(
        (word("Avoided % of avoided and detained on duty"), *(percent(_avoided(year)) for year in (twelve, before)))
    )
    period = span(shifted(month, -11), month)
    said = [narrative.done_in_month(Noun("contact", "contacts"), contacts, month)]
    avoided = _avoided(twelve)
    if avoided is not None:
        said.append(
            f"In the twelve months from {period}, {twelve['avoided']:,} detentions under section 136 are counted as"
            f" avoided and {twelve['s136_on_duty']:,} were made while a clinician was on duty: {share(avoided)}"
            " avoided."
            f" Another {twelve['s136_off_duty']:,} were made while none was, {twelve['s136_total']:,} in all."
        )
    return [
        Block(
            title="Mental health street triage",
            paragraphs=(" ".join(said),),
            charts=(
                _bars(
                    context, "triage_chart", "Contacts of the triage by month", contacts, unit="contacts", source=source
                ),
            ),
            tables=(
                Table(
                    key="triage",
                    caption=f"Triage, {period}",
                    columns=("What", "Twelve months", "Twelve before"),
                    rows=tuple(rows),
                    sources=(source,),
                    last_known=True,
                ),
            ),
            notes=(
                _last_known(context),
                "Contacts, not people. Detentions are told for twelve months together, for those of one month are few.",
                "Avoided: contacts with a clinician on duty at which section 136 was considered and not used. That each"
                " would otherwise have been a detention is an assumption of the service, not a count.",
                "Denominator of the percentage: avoided and detained while a clinician was on duty.",
            ),
        )
    ]


def support_bus(context: Context) -> list[Block]:
    """Attendances at the support bus; by need, outcome and sex with small numbers withheld."""
    source, month = "support_bus_attendances", context.marts.edition.month
    attended = context.marts.activity("support_bus", source, [], "attended", "deployed_on").get(())
    if attended is None:
        return []
    total = attended.at(month)
    tables = [
        _of(
            _series_table(context, "support_bus", "Attendances at the support bus", "What", {"Attendances": attended}),
            source,
        )
    ]
    if total is not None and total > SMALL:
        of_month = {
            "Need": _in_month(context, "support_bus_contacts", source, "need", "attendances"),
            "Outcome": _in_month(context, "support_bus_contacts", source, "outcome", "attendances"),
            "Sex": _sexes(context, total),
        }
        disclosed = disclose(total, [list(numbers.values()) for numbers in of_month.values()])
        rows = [
            (word(what), word(value), Cell(WITHHELD) if cell.count is None else count(cell.count))
            for (what, numbers), cells in zip(of_month.items(), disclosed.breakdowns, strict=True)
            for value, cell in zip(numbers, cells, strict=True)
        ]
        tables.append(
            Table(
                key="support_bus_detail",
                caption=f"Attendances in {month_name(month)} by need, outcome and sex",
                columns=("By", "Value", "Attendances"),
                rows=tuple(rows),
                heads=2,
                sources=(source,),
                last_known=True,
                compared=False,
            )
        )
    noun = Noun("attendance at the support bus", "attendances at the support bus")
    return [
        Block(
            title="Support bus",
            paragraphs=(narrative.done_in_month(noun, attended, month),),
            charts=(
                _bars(
                    context,
                    "bus_chart",
                    "Attendances at the support bus by month",
                    attended,
                    unit="attendances",
                    source=source,
                ),
            ),
            tables=tuple(tables),
            notes=(
                _last_known(context),
                ATTENDANCES,
                "Counts of 1 to 4, and those that would give them away, are withheld. What is withheld is never 0.",
            ),
        )
    ]


def prevent(context: Context) -> list[Block]:
    """Activities of Prevent by kind, and the referrals of each quarter: nothing of who, why or where."""
    source, month = "engagement_activities", context.marts.edition.month
    done = context.marts.activity("prevent_activity", source, ["activity_type"], "activities")
    blocks = []
    if done:
        shown = {named(kind): series for (kind,), series in done.items()}
        total = context.marts.activity("prevent_activity", source, [], "activities")[()]
        table = _series_table(context, "prevent_activity", "Activities of Prevent", "Activity", {**shown, "All": total})
        blocks.append(
            Block(
                title="Activities",
                paragraphs=(
                    narrative.done_in_month(Noun("activity of Prevent", "activities of Prevent"), total, month),
                ),
                tables=(_of(table, source),),
                notes=(_last_known(context), "Activities, not referrals."),
            )
        )
    quarters = context.marts.prevent_quarters()
    if quarters:
        table = Table(
            key="prevent_referrals",
            caption="Referrals and intelligence reports by quarter",
            columns=("Quarter", "Referrals"),
            rows=tuple(
                (
                    word(span(quarter.period_from, date(quarter.period_to.year, quarter.period_to.month, 1))),
                    count(quarter.referrals)
                    if quarter.referrals is not None
                    else Cell(MISSING if quarter.disclosure == "not_available" else WITHHELD),
                )
                for quarter in quarters
            ),
            sources=("prevent_referrals",),
            last_known=True,
            compared=False,
        )
        blocks.append(
            Block(
                title="Referrals",
                tables=(table,),
                notes=(
                    _last_known(context),
                    "Concerns raised, not findings about people. Only counts by quarter are told, and none of 1 to 4:"
                    " these are withheld, and withheld is never 0.",
                ),
            )
        )
    return blocks


def engagement(context: Context) -> list[Block]:
    """Activities with the public and with partners, and who came."""
    source, month = "engagement_activities", context.marts.edition.month
    done = context.marts.activity("community_engagement", source, ["programme"], "activities")
    if not done:
        return []
    total = context.marts.activity("community_engagement", source, [], "activities")[()]
    attendance = context.marts.activity("community_engagement", source, [], "attendance")[()]
    shown = {named(programme): series for (programme,), series in done.items()}
    table = _series_table(
        context,
        "engagement",
        "Engagement, prevention and training",
        "Programme",
        {**shown, "All activities": total, "Attendances counted at them": attendance},
    )
    said = [
        narrative.done_in_month(Noun("activity", "activities"), total, month),
        f"At least {attendance.at(month):,} attendances were counted at those of the month."
        if attendance.at(month)
        else "",
    ]
    return [
        Block(
            title="Activities by programme",
            paragraphs=(" ".join(filter(None, said)),),
            charts=(
                _bars(
                    context,
                    "engagement_chart",
                    "Engagement activities by month",
                    total,
                    unit="activities",
                    source=source,
                ),
            ),
            tables=(_of(table, source),),
            notes=(
                _last_known(context),
                f"{ATTENDANCES} Attendances are a minimum: not every activity was counted.",
                "Activities of Prevent are in it.",
            ),
        )
    ]


def roads(context: Context) -> list[Block]:
    """Notices to road users, and checks of vehicles."""
    month = context.marts.edition.month
    blocks = []
    notices = context.marts.activity("roads_enforcement", "roads_enforcement", ["offence"], "notices")
    if notices:
        total = context.marts.activity("roads_enforcement", "roads_enforcement", [], "notices")[()]
        shown = {named(offence): series for (offence,), series in notices.items()}
        table = _series_table(context, "notices", "Notices to road users", "Offence", {**shown, "All notices": total})
        noun = Noun("notice to a road user", "notices to road users")
        blocks.append(
            Block(
                title="Notices",
                paragraphs=(narrative.done_in_month(noun, total, month),),
                charts=(
                    _bars(
                        context, "notices_chart", "Notices by month", total, unit="notices", source="roads_enforcement"
                    ),
                ),
                tables=(_of(table, "roads_enforcement"),),
                notes=(
                    _last_known(context),
                    "Fixed penalty notices and traffic offence reports, also those cancelled later; a report that"
                    " became a notice is one. Enforcement follows where officers look: more notices are not more"
                    " offending.",
                ),
            )
        )
    by = ["programme", "vehicle_class"]
    checks = context.marts.activity("roads_checks", "vehicle_checks", by, "checks")
    if checks:
        failed = context.marts.activity("roads_checks", "vehicle_checks", by, "non_compliant")
        table = Table(
            key="vehicle_checks",
            caption=f"Vehicles checked, {month_name(month)} and the twelve months up to it",
            columns=(
                "Programme, class of vehicle",
                "Checks in the month",
                "Not compliant",
                "Not compliant %",
                "Checks in twelve months",
                "Not compliant",
                "Not compliant %",
            ),
            rows=tuple(
                (
                    word(f"{named(programme)}, {named(vehicle)}"),
                    *_compliance(series.at(month), failed[programme, vehicle].at(month)),
                    *_compliance(series.twelve(month), failed[programme, vehicle].twelve(month)),
                )
                for (programme, vehicle), series in checks.items()
            ),
            sources=("vehicle_checks",),
            last_known=True,
        )
        total = context.marts.activity("roads_checks", "vehicle_checks", [], "checks")[()]
        blocks.append(
            Block(
                title="Checks of vehicles",
                paragraphs=(narrative.done_in_month(Noun("vehicle check", "vehicle checks"), total, month),),
                tables=(table,),
                notes=(
                    _last_known(context),
                    "Denominator of the percentages: the vehicles checked. They are picked, not sampled: the"
                    " percentages say nothing of all vehicles on the road. None is given on fewer than 5 checks.",
                ),
            )
        )
    return blocks


def _series_table(context: Context, key: str, caption: str, what: str, series: dict[str, Series]) -> Table:
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
        last_known=True,
    )


def _of(table: Table, *sources: str) -> Table:
    return replace(table, sources=sources)


def _bars(context: Context, key: str, title: str, series: Series, *, unit: str, source: str) -> Chart:
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


def _last_known(context: Context) -> str:
    return (
        f"Period: months up to {month_name(context.marts.edition.month)}. This table has no as-of form: it is as last"
        " known in the release named above, which may know more than was known on the as-of date."
    )


def _difference(new: int | None, old: int | None) -> int | None:
    return None if new is None or old is None else new - old


def _were(number: int | None, one: str) -> str:
    if number is None:
        return f"is no figure of {one}s"
    return f"was 1 {one}" if number == 1 else f"were {number:,} {one}s" if number else f"were no {one}s"


def _avoided(year: dict[str, int | None]) -> float | None:
    avoided, detained = year["avoided"], year["s136_on_duty"]
    if avoided is None or detained is None or avoided + detained < narrative.NO_PERCENTAGE:
        return None
    return 100 * avoided / (avoided + detained)


def _compliance(checks: int | None, failed: int | None) -> Sequence[Cell]:
    if checks is None or failed is None:
        return [Cell(MISSING)] * 3
    return [
        count(checks),
        count(failed),
        percent(100 * failed / checks if checks >= narrative.NO_PERCENTAGE else None),
    ]


def _in_month(context: Context, table: str, source: str, key: str, number: str) -> dict[str, int]:
    """The numbers of the report's month by the values of a column, blank last."""
    found: dict[tuple[Any, ...], Series] = context.marts.activity(table, source, [key], number, "deployed_on")
    month = context.marts.edition.month
    ordered = sorted(found.items(), key=lambda item: (item[0][0] is None, str(item[0][0])))
    return {words(value) if value else "not recorded": series.at(month) or 0 for (value,), series in ordered}


def _sexes(context: Context, total: int) -> dict[str, int]:
    month = context.marts.edition.month
    numbers = {}
    for column in ("male", "female"):
        series = context.marts.activity("support_bus", "support_bus_attendances", [], column, "deployed_on")[()]
        numbers[column] = series.at(month) or 0
    return {**numbers, "other or not recorded": total - sum(numbers.values())}
