"""What goes wrong in a row of a crimes extract, so that it must not be loaded: at least one way per critical rule."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from flows.sample.people import MARK

Row = Mapping[str, str]

NEVER = "2031-01-01 09:00"


@dataclass(frozen=True)
class Mistake:
    """A mistake that one row can hold: the values it has instead, and whether a row can hold it at all."""

    what: str
    instead: Callable[[Row], dict[str, str]]
    fits: Callable[[Row], bool] = lambda _: True
    is_second_row: bool = False
    """The values are those of a second row with the same key, which follows the right one."""


def _always(what: str, fits: Callable[[Row], bool] = lambda _: True, **values: str) -> Mistake:
    return Mistake(what, lambda _: values, fits)


def _has(column: str) -> Callable[[Row], bool]:
    return lambda row: row[column] != ""


MISTAKES = (
    Mistake("a number in lower case", lambda row: {"crime_number": row["crime_number"].lower()}),
    _always("no number", crime_number=""),
    Mistake("a space in the number", lambda row: {"crime_number": row["crime_number"].replace("/", " ")}),
    _always("no status", status=""),
    _always("an unknown status", status="closed"),
    _always("a name in the status", status=f"{MARK} Person 0000"),
    _always("no class", class_code="", sub_code=""),
    _always("an unknown class", class_code="199Z", sub_code=""),
    _always("a class that is no code", class_code="8 N", sub_code=""),
    _always("a class without the form of one", class_code="ABH", sub_code=""),
    _always("a class that nobody records under", class_code="CIFAS", sub_code=""),
    _always("a class that had ended", class_code="8G", sub_code=""),
    _always("a class that had not begun", class_code="28I", sub_code=""),
    _always("a sub-code of another class", _has("sub_code"), class_code="46", sub_code="008/06"),
    _always("a sub-code without the form of one", _has("sub_code"), sub_code="8/6"),
    _always("a sub-code that is no code", _has("sub_code"), sub_code="008 / 06"),
    _always("no time of recording", recorded_at=""),
    _always("an impossible time of recording", recorded_at="2018-02-30 12:00"),
    Mistake("a date for the time of recording", lambda row: {"recorded_at": row["recorded_at"][:10]}),
    _always("recorded in another century", recorded_at="1918-01-31 12:00", outcome_code="", outcome_at=""),
    _always("recorded after the extract", recorded_at=NEVER, outcome_code="", outcome_at=""),
    _always("a sub-code that had ended", class_code="9A", sub_code="125/12", recorded_at=NEVER, outcome_at=""),
    _always("an impossible time of report", reported_at="2018-04-31 12:00"),
    _always("reported after it was recorded", reported_at=NEVER),
    _always("an impossible beginning", committed_from="2018-13-01 12:00"),
    _always("an impossible end", committed_to="2018-01-13 24:00"),
    Mistake(
        "a reversed span",
        lambda row: {"committed_from": row["committed_to"], "committed_to": row["committed_from"]},
        lambda row: bool(row["committed_from"]) and row["committed_to"] > row["committed_from"],
    ),
    _always("committed after it was recorded", committed_from=NEVER, committed_to=""),
    _always("an unknown premises type", premises_type="pub"),
    _always("a premises type that is no code", premises_type="public house"),
    _always("an easting that is no number", _has("northing"), easting="TQ3281"),
    _always("a northing that is no number", _has("easting"), northing="not known"),
    _always("half a coordinate", _has("easting"), northing=""),
    _always("an unknown outcome", outcome_code="23"),
    _always("an outcome that is no code", outcome_code="not yet"),
    Mistake("an impossible time of outcome", lambda _: {"outcome_code": "18", "outcome_at": "31/06/2018 12:00"}),
    Mistake("an outcome before the crime", lambda _: {"outcome_code": "18", "outcome_at": "2012-04-01 12:00"}),
    Mistake(
        "outcome 21 before it came into use",
        lambda row: {"outcome_code": "21", "outcome_at": row["recorded_at"]},
        lambda row: row["recorded_at"] < "2016",
    ),
    Mistake(
        "outcome 22 before it came into use",
        lambda row: {"outcome_code": "22", "outcome_at": row["recorded_at"]},
        lambda row: row["recorded_at"] < "2019-04",
    ),
    _always("a flag that is none (alcohol)", alcohol="perhaps"),
    _always("a flag that is none (domestic abuse)", domestic_abuse="?"),
    _always("a flag that is none (drugs)", drugs="cannabis"),
    _always("an unknown victim type", victim_type="tourist"),
    _always("a victim type that is no code", victim_type="police officer"),
    _always("an unknown circumstance", circumstance="argument"),
    _always("a circumstance that is no code", circumstance="road rage"),
    _always("an operation that is no code", operation="TUNDRA 2"),
    Mistake(
        "a second row that differs",
        lambda row: {"street": f"{row['street']} (corner)".strip(), "premises": ""},
        is_second_row=True,
    ),
    _always("a comma too many", street="Cheapside, EC2"),
    _always("a line broken in two", offence="Theft not\nclassified elsewhere"),
    _always("a NUL", premises="Sample Arms\0"),
)


class MistakesInTurn:
    """Hands out the mistakes in turn: of those that fit a row the one that has waited longest."""

    def __init__(self) -> None:
        self._waiting = deque(MISTAKES)

    def next_for(self, row: Row) -> Mistake:
        """The mistake for this row; it goes to the end of the queue."""
        mistake = next(mistake for mistake in self._waiting if mistake.fits(row))
        self._waiting.remove(mistake)
        self._waiting.append(mistake)
        return mistake
