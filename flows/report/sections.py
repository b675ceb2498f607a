"""What the partnership report has in it, section by section, in its order."""

from __future__ import annotations

from flows.report import activity, profiles
from flows.report.counted import Counted, Outline, Plan
from flows.report.narrative import Noun

ALL_CRIME = Counted("all_crime", Noun("crime", "crimes"))

VIOLENCE = Counted(
    "violence",
    Noun("violence offence", "violence offences"),
    hours=True,
    places=True,
    parts=(
        "common_assault",
        "abh",
        "gbh_with_intent",
        "gbh_without_intent",
        "assault_police_emergency",
        "malicious_communications",
        "sexual_offences",
        "robbery_personal",
        "robbery_business",
    ),
)

ACQUISITIVE_CRIME = Counted(
    "acquisitive_crime",
    Noun("acquisitive crime", "acquisitive crimes"),
    hours=True,
    places=True,
    parts=("burglary", "shoplifting", "theft_from_person", "bicycle_theft", "vehicle_crime", "theft_other"),
)

ASB = Counted(
    "asb",
    Noun("incident of anti-social behaviour", "incidents of anti-social behaviour"),
    hours=True,
    places=True,
    parts=(
        "asb_begging_vagrancy",
        "asb_drugs",
        "asb_drunken_behaviour",
        "asb_inconsiderate_behaviour",
        "asb_noise",
        "asb_rowdy_nuisance",
        "asb_skateboarding_cycling",
        "asb_street_drinking",
        "asb_urination",
    ),
)

PUBLIC_ORDER = Counted(
    "public_order",
    Noun("public order offence", "public order offences"),
    hours=True,
    places=True,
    parts=("public_order_s4", "public_order_s4a", "public_order_s5", "affray"),
)

PLANS = (
    Plan("all_crime", "All crime", counted=(ALL_CRIME,), rows=("all_crime",)),
    Plan(
        "violence",
        "Violence",
        counted=(
            VIOLENCE,
            Counted(
                "violence_with_injury", Noun("offence of violence with injury", "offences of violence with injury")
            ),
            Counted(
                "violence_without_injury",
                Noun("offence of violence without injury", "offences of violence without injury"),
            ),
            Counted("sexual_offences", Noun("sexual offence", "sexual offences")),
            Counted("robbery", Noun("robbery", "robberies")),
        ),
        rows=(
            "violence",
            "violence_with_injury",
            "violence_without_injury",
            "sexual_offences",
            "robbery",
            "robbery_personal",
            "robbery_business",
            "common_assault",
            "abh",
            "gbh_with_intent",
            "gbh_without_intent",
            "malicious_communications",
            "assault_police_emergency",
            "assault_custody_officer",
        ),
        blocks=(profiles.assault_profile,),
    ),
    Plan(
        "acquisitive_crime",
        "Acquisitive crime",
        counted=(
            ACQUISITIVE_CRIME,
            Counted("burglary", Noun("burglary", "burglaries"), hours=True),
            Counted("shoplifting", Noun("shoplifting offence", "shoplifting offences"), hours=True),
            Counted("theft_from_person", Noun("theft from the person", "thefts from the person"), hours=True),
            Counted("bicycle_theft", Noun("bicycle theft", "bicycle thefts"), hours=True),
        ),
        rows=(
            "acquisitive_crime",
            "burglary",
            "burglary_residential",
            "burglary_business",
            "shoplifting",
            "theft_from_person",
            "bicycle_theft",
            "vehicle_crime",
            "theft_other",
            "distraction_theft",
            "pickpocketing",
            "bag_theft_licensed_premises",
            "gym_theft",
            "moped_snatch",
            "pedal_cycle_snatch",
        ),
        blocks=(activity.operations,),
    ),
    Plan(
        "asb",
        "Anti-social behaviour",
        counted=(ASB,),
        rows=(
            "asb",
            "asb_begging_vagrancy",
            "asb_drunken_behaviour",
            "asb_inconsiderate_behaviour",
            "asb_noise",
            "asb_rowdy_nuisance",
            "asb_skateboarding_cycling",
            "asb_street_drinking",
            "asb_drugs",
            "asb_urination",
            "asb_other",
        ),
        blocks=(profiles.trend, activity.enforcement),
    ),
    Plan(
        "public_order",
        "Public order and protests",
        counted=(PUBLIC_ORDER,),
        rows=(
            "public_order",
            "public_order_s4",
            "public_order_s4a",
            "public_order_s5",
            "affray",
            "violent_disorder",
            "racially_religiously_aggravated_had",
        ),
        blocks=(activity.protests,),
    ),
    Plan("licensing", "Licensing and the night-time economy", blocks=(activity.licensing, profiles.night_time)),
    Plan("triage", "Mental health triage", blocks=(activity.triage,)),
    Plan("support_bus", "Support bus", blocks=(activity.bus, activity.attendances_in_detail)),
    Plan("prevent", "Prevent", blocks=(activity.prevent_activities, activity.referrals)),
    Plan("engagement", "Community engagement", blocks=(activity.engagement,)),
    Plan("roads", "Roads policing", blocks=(activity.notices, activity.vehicle_checks)),
)

PARTNERSHIP = Outline(
    title="Community safety partnership report",
    headlines=(ALL_CRIME, VIOLENCE, ACQUISITIVE_CRIME, PUBLIC_ORDER, ASB),
    plans=PLANS,
)
