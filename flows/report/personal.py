"""The last look at a report before it goes out: no named person, no date of birth, no child with a school.

Free text never reaches the marts, and names are dropped while a delivery is read. But places, operations and
programmes are words that somebody typed, and a name may stand where a street should. So every text of the finished
report is looked at, and one that reads like a person stops it. It is the last line of defence and no proof: a name
that a street could have, such as a given name before Lane, passes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from flows.errors import SaferCityError
from flows.report.document import Report

_GIVEN_NAME = (
    r"Aaron|Abdul|Abigail|Adam|Adrian|Ahmed|Aisha|Alan|Albert|Alex|Alexander|Alfred|Ali|Alice|"
    r"Alison|Amanda|Amelia|Amir|Amy|Andrea|Andrew|Angela|Anita|Anna|Anne|Anthony|Antonio|Arthur|Ava|"
    r"Barbara|Ben|Benjamin|Bernard|Beth|Brenda|Brian|Bruce|Callum|Cameron|Carl|Carol|Caroline|"
    r"Catherine|Charles|Charlie|Charlotte|Chloe|Chris|Christine|Christopher|Claire|Clare|Colin|Connor|"
    r"Craig|Daisy|Daniel|Darren|David|Dawn|Dean|Deborah|Denise|Dennis|Derek|Diana|Donald|Donna|"
    r"Dorothy|Douglas|Dylan|Edward|Elaine|Eleanor|Elizabeth|Ella|Ellie|Emily|Emma|Eric|Erin|Ethan|"
    r"Eve|Evie|Faisal|Farah|Fatima|Fiona|Frances|Francis|Frank|Fred|Freddie|Freya|Gareth|Gary|Gavin|"
    r"Gemma|Geoffrey|Gerald|Gillian|Glen|Graham|Grace|Grant|Hannah|Harold|Harriet|Harry|Hasan|Hassan|"
    r"Hazel|Heather|Helen|Henry|Holly|Howard|Hugh|Hussein|Ian|Ibrahim|Imran|Irene|Isaac|Isabella|"
    r"Isla|Jack|Jacob|Jacqueline|Jake|James|Jamie|Jane|Janet|Jason|Jasmine|Javed|Jayden|Jean|"
    r"Jeffrey|Jennifer|Jeremy|Jessica|Jill|Joan|Joanna|Joanne|Joe|Joel|John|Jonathan|Jordan|Joseph|"
    r"Joshua|Joyce|Judith|Judy|Julia|Julian|Julie|Justin|Karen|Karl|Kate|Katherine|Kathleen|Katie|"
    r"Keith|Kelly|Kenneth|Kerry|Kevin|Khalid|Kieran|Kim|Kimberly|Kirsty|Kyle|Laura|Lauren|Lawrence|"
    r"Layla|Leah|Lee|Leo|Leon|Leonard|Lesley|Lewis|Liam|Lily|Linda|Lisa|Logan|Lorraine|Louis|"
    r"Louise|Lucas|Lucy|Luke|Lynn|Malcolm|Marcus|Margaret|Maria|Marie|Marion|Mark|Martin|Mary|Mason|"
    r"Matthew|Maureen|Max|Megan|Melissa|Michael|Michelle|Mike|Mohamed|Mohammad|Mohammed|Molly|"
    r"Muhammad|Nadia|Naomi|Natalie|Natasha|Nathan|Neil|Nicholas|Nicola|Nigel|Noah|Norman|Oliver|"
    r"Olivia|Omar|Oscar|Owen|Pamela|Patricia|Patrick|Paul|Paula|Pauline|Peter|Philip|Phillip|Phoebe|"
    r"Poppy|Priya|Rachel|Ralph|Raymond|Rebecca|Reece|Rhys|Richard|Rita|Robert|Robin|Roger|Ronald|"
    r"Rose|Rosie|Ross|Roy|Ruby|Russell|Ruth|Ryan|Sally|Sam|Samantha|Samuel|Sandra|Sara|Sarah|Scott|"
    r"Sean|Sebastian|Shannon|Sharon|Shaun|Sheila|Shirley|Simon|Sophia|Sophie|Stanley|Stephanie|"
    r"Stephen|Steven|Stewart|Stuart|Susan|Suzanne|Tanya|Tara|Teresa|Terence|Theo|Theresa|Thomas|"
    r"Timothy|Tina|Toby|Tom|Tony|Tracey|Tracy|Trevor|Tyler|Valerie|Vanessa|Veronica|Victor|Victoria|"
    r"Vincent|Walter|Wayne|Wendy|William|Yasmin|Yusuf|Yvonne|Zachary|Zara|Zoe"
)

_PLACE = (
    r"(?:"
    r"Street|St|Road|Rd|Lane|Square|Court|Passage|Alley|Garden|Gardens|Row|Place|Yard|Building|"
    r"Buildings|House|Walk|Way|Walkway|Highwalk|Hill|Gate|Bridge|Wharf|Quay|Dock|Docks|Pier|"
    r"Embankment|Close|Avenue|Ave|Drive|Terrace|Crescent|Mews|Park|Circus|Green|Grove|Rise|Vale|"
    r"View|Mount|Field|Fields|Meadow|Meadows|Common|Heath|Cross|Corner|End|Parade|Broadway|"
    r"Approach|Steps|Stairs|Viaduct|Tunnel|Churchyard|Church|Cathedral|Market|Station|Arcade|"
    r"Centre|Estate|Hospital|Theatre|Hotel|Hall|Inn|Arms|Tower|Chambers|Mansions|Villas|Cottages|"
    r"Island|Roundabout|Underpass|Axe|Friars"
    r")\b"
)

_SURNAME = r"[A-Z][\w'’-]+"

_NAMES = (
    re.compile(r"\b(?:Mr|Mrs|Ms|Miss|Mx|Dr|Rev|PC|PCSO|WPC|DC|DS|DI|DCI|Sgt|Sergeant|Constable)\.? +" + _SURNAME),
    re.compile(rf"(?<!St )(?<!Saint )\b(?:{_GIVEN_NAME})(?: [A-Z]\.?)? (?!{_PLACE}){_SURNAME}(?! {_PLACE})(?!['’]?\w)"),
    re.compile(rf"\b[A-Z]{{3,}}, (?:{_GIVEN_NAME})\b"),
    re.compile(r"\b(?:named|called|known as|suspect|victim|witness|offender|defendant)\s+[A-Z][\w'’-]+ [A-Z][\w'’-]+"),
)

_MONTHS = (
    r"(?:January|February|March|April|May|June|July|August|September|October|November|December|"
    r"Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)"
)
_NUMERIC_DAY = re.compile(r"\b\d{1,2}[/.-]\d{1,2}[/.-](?:19|20)?\d{2}\b")
_ISO_DAY = re.compile(r"\b(1[89]\d\d|20\d\d)-(?:0\d|1[0-2])-(?:[0-2]\d|3[01])\b")
_WRITTEN_DAY = re.compile(rf"\b\d{{1,2}}(?:st|nd|rd|th)? {_MONTHS},? ((?:18|19|20)\d\d)\b")
_BORN = re.compile(r"\b(?:born|d\.?o\.?b\b|date of birth|birthday)", re.IGNORECASE)

_SCHOOL = re.compile(
    r"\b(?:school|academy|college|nursery|kindergarten|sixth form|grammar|comprehensive)\b", re.IGNORECASE
)
_CHILD = re.compile(
    r"\b(?:child|children|pupils?|schoolboys?|schoolgirls?|boys?|girls?|juveniles?|teenagers?|minors?|toddlers?|"
    r"(?:1[0-7]|[1-9])[- ]years?[- ]olds?|aged? (?:1[0-7]|[1-9])\b|year (?:1[0-3]|[1-9])\b)",
    re.IGNORECASE,
)

YOUNGEST = 5
"""Years before the month of the report from which on a whole date is taken for one of birth.

Of what is reported none is so old; footnotes do name such days, on which a law or a definition changed.
"""


def check(report: Report) -> None:
    """Look at every text of a report.

    Raises SaferCityError where one reads like a person. It says where it stands and never what it is.
    """
    found = [f"{what} in {place}" for place, text, born_by in texts(report) for what in personal(text, born_by)]
    if found:
        more = f" and {len(found) - 3} more" if len(found) > 3 else ""
        raise SaferCityError(
            f"the report was not written: it seems to hold {'; '.join(found[:3])}{more}. Correct the record in its own"
            " system, load it again, and make the report anew"
        )


def personal(text: str, born_by: int | None) -> Iterator[str]:
    """What of a person a text seems to tell; a whole date of the year `born_by` or before is taken for one of birth."""
    if any(pattern.search(text) for pattern in _NAMES):
        yield "a named person"
    years = [int(year) for pattern in (_ISO_DAY, _WRITTEN_DAY) for year in pattern.findall(text)]
    if _BORN.search(text) or _NUMERIC_DAY.search(text) or (born_by and any(year <= born_by for year in years)):
        yield "a date of birth"
    if _SCHOOL.search(text) and _CHILD.search(text):
        yield "a child with a school"


def texts(report: Report) -> Iterator[tuple[str, str, int | None]]:
    """Every text of a report: where it stands, the text, and the year of a date in it that may be one of birth.

    A row of a table is one text, for its cells tell of the same thing; they stand apart, so that hub 3 of June 2018 is
    no day of June.
    """
    born_by = report.edition.month.year - YOUNGEST
    yield "the title", report.title, born_by
    for section in report.sections:
        for number, block in enumerate(section.blocks, start=1):
            place = f"section {section.title!r}, part {number}"
            for text in (block.title, *block.paragraphs):
                yield place, text, born_by
            for text in block.notes:
                yield place, text, None
            for chart in block.charts:
                drawn = " | ".join(re.findall(r">([^<>]+)<", chart.svg))
                yield f"{place}, chart {chart.key}", f"{chart.title}. {chart.says} {drawn}", born_by
    for section, table in report.tables:
        place = f"section {section.title!r}, table {table.key}"
        yield place, f"{table.caption} {' | '.join(table.columns)}", born_by
        for number, row in enumerate(table.rows, start=1):
            yield f"{place}, row {number}", " | ".join(cell.text for cell in row), born_by
    for change in report.changes:
        yield "the list of changes", " | ".join((change.table, change.row, change.was, change.now, change.why)), born_by
