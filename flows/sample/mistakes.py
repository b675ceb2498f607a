"""What goes wrong in a row of an extract, so that it must not be loaded: at least one way per critical rule."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from flows.contracts import Column, Contract, Rule
from flows.sample.people import MARK

Row = Mapping[str, str]

NEVER = "2031-01-01 09:00"

NO_VALUE = {
    "code": f"{MARK} Person 0000",
    "int": "several",
    "decimal": "some",
    "date": "2018-02-30",
    "time": "2018-02-30 12:00",
    "flag": "perhaps",
}
"""What stands in a column by mistake that no value of its type can be; a name in a code must not travel."""


@dataclass(frozen=True)
class Mistake:
    """A mistake that one row can hold: the values it has instead, and whether a row can hold it at all."""

    what: str
    instead: Callable[[Row], dict[str, str]]
    fits: Callable[[Row], bool] = lambda _: True
    is_second_row: bool = False
    """The values are those of a second row with the same key, which follows the right one."""


class MistakesInTurn:
    """Hands out the mistakes in turn: of those that fit a row the one that has waited longest."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        self._waiting = deque(mistakes)

    def next_for(self, row: Row) -> Mistake:
        """The mistake for this row; it goes to the end of the queue."""
        mistake = next(mistake for mistake in self._waiting if mistake.fits(row))
        self._waiting.remove(mistake)
        self._waiting.append(mistake)
        return mistake


def always(what: str, fits: Callable[[Row], bool] = lambda _: True, **values: str) -> Mistake:
    """A mistake that puts the same values into any row that it fits."""
    return Mistake(what, lambda _: values, fits)


def put(what: str, column: str, value: str) -> Mistake:
    """A mistake that puts the same value into a column of any row."""
    return Mistake(what, lambda _: {column: value})


def has(column: str) -> Callable[[Row], bool]:
    """Whether a row has a value in the column."""
    return lambda row: row[column] != ""


def mistakes_against(contract: Contract) -> Iterator[Mistake]:
    """A mistake for every critical rule that a contract spells out so far that one can be made from it.

    These are lists of values, least numbers, types, required columns, the key, and the date that counts. Conditions
    in SQL need mistakes of their own.
    """
    for rule in contract.rules:
        yield from _against_rule(rule)
    dated = next(column for column in contract.columns if column.name == contract.counted_by)
    yield put(f"{dated.name} after the extract", dated.name, NEVER if dated.type == "time" else NEVER[:10])
    optional = [column.name for column in contract.loaded_columns if not column.required]
    yield Mistake(
        "a second row that knows less",
        lambda row: {next(name for name in optional if row[name]): ""},
        lambda row: any(row[name] for name in optional),
        is_second_row=True,
    )
    last = contract.columns[-1].name
    yield Mistake("a comma too many", lambda row: {last: f"{row[last]},"})
    for column in contract.loaded_columns:
        yield from _against_column(column)


def _against_rule(rule: Rule) -> Iterator[Mistake]:
    if rule.severity != "critical":
        return
    column = str(rule.kwargs.get("column"))
    if rule.expectation == "expect_column_values_to_be_in_set":
        yield put(f"an unknown {column}", column, "not_listed")
    if rule.expectation == "expect_column_values_to_be_between":
        yield put(f"too low a number of {column}", column, str(rule.kwargs["min_value"] - 1))


def _against_column(column: Column) -> Iterator[Mistake]:
    if column.type in NO_VALUE:
        yield put(f"no {column.type} in {column.name}", column.name, NO_VALUE[column.type])
    if column.required:
        yield put(f"no {column.name}", column.name, "")
