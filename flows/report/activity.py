"""What police and partners did: enforcement, protests, licensing, triage, the support bus, Prevent, engagement, roads.

Numbers that could tell of one to four people are withheld by the rule of `flows.disclosure`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flows.disclosure import SMALL, disclose
from flows.report import narrative
from flows.report.counted import Context
from flows.report.document import (
    MISSING,
    WITHHELD,
    Block,
    Cell,
    Table,
    count,
    percent,
    share,
    word,
)
from flows.report.done import Also, Done, bars, last_known, named, series_table
from flows.report.figures import Series, shifted
from flows.report.narrative import Noun, month_name, span
from flows.report.pages import words

STAGES = ("green", "yellow", "red", "blue", "cbo")

ATTENDANCES = "Attendances are not unique people: who came twice counts twice."


operations = Done(
    key="operations",
    title="Operations",
    caption="Acquisitive crimes by operation",
    mart="acquisitive_operations",
    source="crimes",
    number="offences",
    noun=Noun("crime", "crimes"),
    by="operation",
    head="Operation",
    notes=("A crime may be named on more than one operation: never add them up.",),
)

protests = Done(
    key="protests",
    title="Protests",
    caption="Protests and marches",
    mart="public_order_protests",
    source="public_order_events",
    number="events",
    noun=Noun("protest or march", "protests and marches"),
    by="event_type",
    names={"protest": "Protests", "counter_protest": "Counter-protests", "march": "Marches"},
    total="All of them",
    also=(Also("Arrests at them", "arrests", "Arrests at those of the month: {}."),),
    chart="Protests and marches",
    unit="events",
    notes=("Events, not crimes. Vigils and other events are not in it.",),
)

bus = Done(
    key="support_bus",
    title="Attendances",
    caption="Attendances at the support bus",
    mart="support_bus",
    source="support_bus_attendances",
    number="attended",
    noun=Noun("attendance at the support bus", "attendances at the support bus"),
    total="Attendances",
    month="deployed_on",
    chart="Attendances at the support bus",
    unit="attendances",
    notes=(ATTENDANCES,),
)

prevent_activities = Done(
    key="prevent_activity",
    title="Activities",
    caption="Activities of Prevent",
    mart="prevent_activity",
    source="engagement_activities",
    number="activities",
    noun=Noun("Prevent activity", "Prevent activities"),
    by="activity_type",
    head="Activity",
    total="All",
    notes=("Activities, not referrals.",),
)

engagement = Done(
    key="engagement",
    title="Activities by programme",
    caption="Engagement, prevention and training",
    mart="community_engagement",
    source="engagement_activities",
    number="activities",
    noun=Noun("activity", "activities"),
    by="programme",
    head="Programme",
    total="All activities",
    also=(
        Also(
            "Attendances counted at them",
            "attendance",
            "At least {} attendances were counted at those of the month.",
        ),
    ),
    chart="Engagement activities",
    unit="activities",
    notes=(
        f"{ATTENDANCES} They are a minimum: not every activity was counted.",
        "Activities of Prevent are in it.",
    ),
)

notices = Done(
    key="notices",
    title="Notices",
    caption="Notices to road users",
    mart="roads_enforcement",
    source="roads_enforcement",
    number="notices",
    noun=Noun("notice to a road user", "notices to road users"),
    by="offence",
    head="Offence",
    total="All notices",
    chart="Notices",
    unit="notices",
    notes=(
        "Fixed penalty notices and traffic offence reports, also those cancelled later; a report that became a notice"
        " is one. Enforcement follows where officers look: more notices are not more offending.",
    ),
)


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
                    (word("All hubs"), word("all months"), *map(count, totals)),
                ),
                heads=2,
                sources=("enforcement_actions",),
                last_known=True,
            )
        )
        said_by_step = [f"{total:,} {named(stage)}" for total, stage in zip(totals, STAGES, strict=True)]
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
        caption = "Enforcement actions by month of issue"
        tables.append(
            series_table(context, "enforcement", caption, "Programme, step", shown, sources=("enforcement_actions",))
        )
    if not tables:
        return []
    return [
        Block(
            title="Enforcement",
            paragraphs=tuple(said),
            tables=tuple(tables),
            notes=(
                last_known(context),
                "Green is an intervention ticket, yellow a community protection warning, red a community protection"
                " notice, blue a summons or an application for a criminal behaviour order (CBO). By hub and by month of"
                " issue are two ways to count: never add them up. Actions without a hub are in the second only.",
            ),
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
        table = series_table(context, "licensing", "Licensing activities", "Activity", shown, sources=(source,))
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
                    bars(context, "visits_chart", "Licensing visits by month", visits, unit="visits", source=source),
                )
                if visits
                else (),
                tables=(table,),
                notes=(last_known(context), "Visits count premises as often as they were visited."),
            )
        )
    if crimes and asb:
        table = series_table(
            context,
            "licensing_linked",
            "Violent crimes at licensed premises, and incidents linked to them",
            "What",
            {"Violent crimes": crimes, "Incidents of anti-social behaviour": asb},
            sources=("crimes", "asb_incidents"),
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
                tables=(table,),
                notes=(
                    last_known(context),
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
            title="Contacts and detentions",
            paragraphs=(" ".join(said),),
            charts=(
                bars(
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
                last_known(context),
                "Contacts, not people. Detentions are told for twelve months together, for those of one month are few.",
                "Avoided: contacts with a clinician on duty at which section 136 was considered and not used. That each"
                " would otherwise have been a detention is an assumption of the service, not a count.",
                "Denominator of the percentage: avoided and detained while a clinician was on duty.",
            ),
        )
    ]


def attendances_in_detail(context: Context) -> list[Block]:
    """Attendances at the support bus in the month by need, outcome and sex, small numbers withheld."""
    source, month = "support_bus_attendances", context.marts.edition.month
    attended = context.marts.activity("support_bus", source, [], "attended", "deployed_on").get(())
    total = attended.at(month) if attended else None
    if total is None or total <= SMALL:
        return []
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
    table = Table(
        key="support_bus_detail",
        caption=f"Attendances in {month_name(month)} by need, outcome and sex",
        columns=("By", "Value", "Attendances"),
        rows=tuple(rows),
        heads=2,
        sources=(source,),
        last_known=True,
        compared=False,
    )
    return [
        Block(
            title="Need, outcome and sex",
            tables=(table,),
            notes=(
                last_known(context),
                "Counts of 1 to 4, and those that would give them away, are withheld. What is withheld is never 0.",
            ),
        )
    ]


def referrals(context: Context) -> list[Block]:
    """Prevent referrals of each quarter: nothing of who, why or where."""
    quarters = context.marts.prevent_quarters()
    if not quarters:
        return []
    table = Table(
        key="prevent_referrals",
        caption="Referrals and intelligence reports by quarter",
        columns=("Quarter", "Referrals"),
        rows=tuple(
            (
                word(span(quarter.period_from, quarter.period_to.replace(day=1))),
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
    return [
        Block(
            title="Referrals",
            tables=(table,),
            notes=(
                last_known(context),
                "Concerns raised, not findings about people. Only counts by quarter are told, and none of 1 to 4: these"
                " are withheld, and withheld is never 0.",
            ),
        )
    ]


def vehicle_checks(context: Context) -> list[Block]:
    """Checks of vehicles by programme and class, and how many were not compliant."""
    month = context.marts.edition.month
    asked = ("roads_checks", "vehicle_checks")
    by = ["programme", "vehicle_class"]
    checks = context.marts.activity(*asked, by, "checks")
    if not checks:
        return []
    failed = context.marts.activity(*asked, by, "non_compliant")
    total = context.marts.activity(*asked, [], "checks")[()]
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
    return [
        Block(
            title="Checks of vehicles",
            paragraphs=(narrative.done_in_month(Noun("vehicle check", "vehicle checks"), total, month),),
            tables=(table,),
            notes=(
                last_known(context),
                "Denominator of the percentages: the vehicles checked. They are picked, not sampled: the percentages"
                " say nothing of all vehicles on the road. None is given on fewer than 5 checks.",
            ),
        )
    ]


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
