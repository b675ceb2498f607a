"""What the open-data edition has in it: any force's figures of data.police.uk alone, and what these cannot show."""

from __future__ import annotations

from flows.report import profiles
from flows.report.counted import Context, Counted, Outline, Plan
from flows.report.document import Block, Table, word
from flows.report.done import series_table
from flows.report.narrative import Noun, month_name

MARKING = "Open data: data.police.uk, Open Government Licence v3.0"

ALL_CRIME = Counted("all_crime", Noun("crime", "crimes"))

VIOLENCE = Counted(
    "violence",
    Noun("violent or sexual offence or robbery", "violent or sexual offences and robberies"),
    places=True,
)

ACQUISITIVE_CRIME = Counted(
    "acquisitive_crime",
    Noun("acquisitive crime", "acquisitive crimes"),
    places=True,
    parts=("burglary", "shoplifting", "theft_from_person", "bicycle_theft", "vehicle_crime", "theft_other"),
)

ASB = Counted("asb", Noun("incident of anti-social behaviour", "incidents of anti-social behaviour"), places=True)

PUBLIC_ORDER = Counted("public_order", Noun("public order offence", "public order offences"), places=True)

NOT_SHOWN = (
    ("Days and hours", "A record names its month and nothing finer."),
    (
        "Violence apart from sexual offences",
        "They are one category. With and without injury, single offences, and who was hurt are not in it. Robbery is"
        " not split into personal and business.",
    ),
    ("Kinds of burglary", "Residential and business burglary are one category."),
    ("Kinds of anti-social behaviour", "All incidents are one category, without identifier and without outcome."),
    ("Sections of the Public Order Act", "Public order is one category."),
    ("Methods, alcohol, domestic abuse, hate crime", "Nothing tells of the circumstances of a crime."),
    (
        "Which records moved a count",
        "A month is published anew as a whole, without a word on what was recorded late, reclassified or cancelled. A"
        " restated count says only that the month was supplied anew.",
    ),
    (
        "Exact places",
        "Each record was moved to the nearest point of a national list that stands for eight addresses or more. Points"
        " tell of an area, never of a door; the list was renewed in July 2022, small areas (LSOA) with data of June"
        " 2023. Records without a place are in the counts and in no place.",
    ),
    (
        "Crimes on railways",
        "They are those of the British Transport Police, also at stations in this force's area.",
    ),
    ("Fraud", "Fraud and computer misuse are recorded nationally and are in no force's file."),
    (
        "What police and partners did",
        "Enforcement, protests, licensing, mental health triage, Prevent, engagement and roads policing are not in it.",
    ),
    (
        "The force's own figures",
        "data.police.uk follows about two months behind, and is cut and corrected in its own way: do not compare these"
        " counts with those of the force's own report, and never add the two together.",
    ),
)


def categories(context: Context) -> list[Block]:
    """Crimes and incidents by the categories of data.police.uk."""
    found = context.marts.categories()
    if not found:
        return []
    table = series_table(
        context,
        "categories",
        "Categories of data.police.uk",
        "Category",
        found,
        sources=("police_uk_street",),
        is_last_known=False,
    )
    return [
        Block(
            title="By category",
            tables=(table,),
            notes=(
                f"Period: {month_name(context.marts.edition.month)}, by the month of the file. As of: {context.as_of}.",
                "Definition: the rows of each category, as published. Anti-social behaviour is not crime and never"
                " added to it. Categories were renewed in September 2011 and May 2013.",
            ),
        )
    ]


def not_shown(context: Context) -> list[Block]:
    """What a reader of the force's own report would look for in vain."""
    table = Table(
        key="not_shown",
        caption=f"Not in the files of {context.marts.edition.force}, nor of any other force",
        columns=("What", "Why"),
        rows=tuple((word(what), word(why)) for what, why in NOT_SHOWN),
    )
    return [
        Block(
            paragraphs=(
                "This edition rests on the open data of data.police.uk alone, which any reader can check. It says"
                " nothing of what follows; where a partnership needs it, ask for the force's own report.",
            ),
            tables=(table,),
            notes=("Contains public sector information licensed under the Open Government Licence v3.0.",),
        )
    ]


OPEN_DATA = Outline(
    title="Crime and anti-social behaviour, open-data edition",
    headlines=(ALL_CRIME, VIOLENCE, ACQUISITIVE_CRIME, PUBLIC_ORDER, ASB),
    plans=(
        Plan("all_crime", "All crime", counted=(ALL_CRIME,), rows=("all_crime",), blocks=(categories,)),
        Plan(
            "violence",
            "Violence",
            counted=(VIOLENCE, Counted("robbery", Noun("robbery", "robberies"))),
            rows=("violence", "robbery"),
        ),
        Plan(
            "acquisitive_crime",
            "Acquisitive crime",
            counted=(
                ACQUISITIVE_CRIME,
                Counted("burglary", Noun("burglary", "burglaries")),
                Counted("shoplifting", Noun("shoplifting offence", "shoplifting offences")),
                Counted("theft_from_person", Noun("theft from the person", "thefts from the person")),
                Counted("bicycle_theft", Noun("bicycle theft", "bicycle thefts")),
                Counted("vehicle_crime", Noun("vehicle crime", "vehicle crimes")),
            ),
            rows=(
                "acquisitive_crime",
                "burglary",
                "shoplifting",
                "theft_from_person",
                "bicycle_theft",
                "vehicle_crime",
                "theft_other",
            ),
        ),
        Plan("asb", "Anti-social behaviour", counted=(ASB,), rows=("asb",), blocks=(profiles.trend,)),
        Plan("public_order", "Public order", counted=(PUBLIC_ORDER,), rows=("public_order",)),
        Plan("not_shown", "What this data cannot show", blocks=(not_shown,)),
    ),
    marking=MARKING,
)
