"""Published figures and how each is asked: data under tests/reference.

    figures.csv         the figures: what was printed, of which period, as known when
    queries/*.yml       family → rule in words, SQL, and the figures it answers with their parameters
    unattainable.yml    figures whose printed numbers contradict each other, with the query that shows it
    not_asked.yml       figures that no record could answer, with the reason

Nothing of it is read by the pipeline, and the sample that reproduces the figures shares nothing with it.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Literal, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from flows.errors import UsageError
from flows.operate.printed import Kind
from flows.settings import PROJECT_DIR

REFERENCE_DIR = PROJECT_DIR / "tests" / "reference"
FIGURES_FILE = REFERENCE_DIR / "figures.csv"

Entry = TypeVar("Entry", bound=BaseModel)

_PART_OF_A_NAME = re.compile(r"\{([a-z_]+)\}")
_NAME = re.compile(r"[a-z_][a-z0-9_]*")


class Figure(BaseModel):
    """One printed figure: a row of figures.csv. `value` stays as printed; `target` says if it must be reproduced."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    figure_id: str
    target: Literal["yes", "no"]
    section: str
    measure: str
    period_start: date
    period_end: date
    as_of: date
    value: str
    unit: str

    @property
    def is_target(self) -> bool:
        """Whether it must be reproduced."""
        return self.target == "yes"

    @property
    def period(self) -> str:
        """The period as a person writes it: months where it is of whole months."""
        whole = self.period_start.day == 1 and (self.period_end + timedelta(days=1)).day == 1
        first, last = (f"{day:%Y-%m}" if whole else f"{day}" for day in (self.period_start, self.period_end))
        return first if first == last else f"{first} to {last}"


class Question(BaseModel):
    """A family of figures: the rule in words, the SQL that answers it with one value, and each figure's parameters.

    In the SQL `$name` is a value and `{name}` a part of a name. Besides a figure's own, these have a value: force,
    period_start, period_end, as_of, and named, which is how many days, hours or places the printed value names.
    """

    model_config = ConfigDict(extra="forbid")

    rule: str
    answer: Kind = Kind.number
    private: bool = False
    sql: str
    figures: dict[str, dict[str, Any]]

    def sql_for(self, given: Mapping[str, Any]) -> str:
        """The SQL with the parts of names put in."""

        def part(match: re.Match[str]) -> str:
            name = str(given[match[1]])
            if not _NAME.fullmatch(name):
                raise UsageError(f"{name!r} is no part of a name, in the query:\n{self.sql}")
            return name

        return _PART_OF_A_NAME.sub(part, self.sql)


class Contradiction(BaseModel):
    """Printed numbers that cannot hold together.

    The SQL is asked of nothing but the values of the figures in `printed`, and answers with one row: `ways`, in how
    many ways they can, and what `says` is filled in with.
    """

    model_config = ConfigDict(extra="forbid")

    says: str
    printed: dict[str, str]
    sql: str
    figures: list[str]


class Reason(BaseModel):
    """Why figures are not asked."""

    model_config = ConfigDict(extra="forbid")

    reason: str
    figures: list[str]


@dataclass(frozen=True)
class Reference:
    """How each figure is asked, or why it is not, by its id. A figure is in one of them only."""

    questions: dict[str, Question]
    contradictions: dict[str, Contradiction]
    reasons: dict[str, str]


def read_figures(path: Path) -> list[Figure]:
    """The figures of a file, in its order; columns that it has beyond those of a figure are left aside.

    Raises UsageError naming the figure and column that is wrong.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{path} cannot be read as CSV: {error}") from None
    missing = [name for name in Figure.model_fields if name not in (rows[0] if rows else {})]
    if missing:
        raise UsageError(f"{path} holds no figures: it has no rows, or no column {', '.join(missing)}")
    figures = [_validated(Figure, row, f"{path}, figure {number}") for number, row in enumerate(rows, start=1)]
    repeated = [name for name, count in Counter(figure.figure_id for figure in figures).items() if count > 1]
    if repeated:
        raise UsageError(f"{path} has figures twice: {', '.join(repeated)}")
    return figures


def load_reference(folder: Path = REFERENCE_DIR) -> Reference:
    """The questions, contradictions and reasons of a folder.

    Raises UsageError where a file is wrong, or two entries are about one figure.
    """
    questions = [
        _validated(Question, content, f"{path}, {name}")
        for path in sorted((folder / "queries").glob("*.yml"))
        for name, content in _content(path).items()
    ]
    unattainable, not_asked = folder / "unattainable.yml", folder / "not_asked.yml"
    contradictions = [
        _validated(Contradiction, content, f"{unattainable}, {name}")
        for name, content in _content(unattainable).items()
    ]
    reasons = [_validated(Reason, content, str(not_asked)) for content in _content(not_asked)]
    counted = Counter(figure for entry in (*questions, *contradictions, *reasons) for figure in entry.figures)
    if twice := [figure for figure, count in counted.items() if count > 1]:
        raise UsageError(f"{folder} has more than one entry about {', '.join(twice)}; leave one")
    return Reference(
        {figure: question for question in questions for figure in question.figures},
        {figure: contradiction for contradiction in contradictions for figure in contradiction.figures},
        {figure: reason.reason for reason in reasons for figure in reason.figures},
    )


def _content(path: Path) -> Any:
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise UsageError(f"{path} cannot be read: {error}") from None


def _validated(model: type[Entry], content: Any, where: str) -> Entry:
    try:
        return model.model_validate(content)
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())
        raise UsageError(f"{where}: {wrong}") from None
