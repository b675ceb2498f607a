"""Fixtures of rules: rows that a rule must fail on, and rows that it must let pass.

`tests/rules/<source>.yml` has, for one source:

* `base`: a row that breaks no rule, all its loaded columns but the key, which each row gets of its own;
* `file`: what the file that a row stands in says of itself: `extract_date`, and `month` where files are of a month;
* `rules`: code of a rule → `fails` and `passes`, a list of fixtures each.

A fixture is what a row has other than the base: `{status: open}`. Where a rule looks at other rows too, it is a list
of such rows, and the first is judged. The rows of a fixture stand together in a file of their own; one that gives
another `file` stands in another. A row that is judged breaks its rule (or, if it is to pass, not), and besides it just
the rules that it names in `also`, parted by spaces.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import duckdb
import yaml

from flows.contracts import Contract
from flows.stages.validate import validate
from tests.rules.scratch_file import scratch_file

FOLDER = Path(__file__).parent

Kind = Literal["fails", "passes"]
Row = dict[str, str]


@dataclass(frozen=True, eq=False)
class Fixture:
    """The rows of one fixture, whole, each with its file; `expected` are the rules that the first of them breaks."""

    code: str
    kind: Kind
    place: int
    rows: tuple[Row, ...]
    files: tuple[Row, ...]
    expected: frozenset[str]

    @property
    def name(self) -> str:
        """Where it stands, in words."""
        return f"{self.code}, {self.kind}, number {self.place}"


@dataclass(frozen=True)
class Fixtures:
    """All fixtures of one source."""

    source: str
    base: Row
    file: Row
    rules: dict[str, dict[Kind, list[Any]]]

    def each(self, key: str | None) -> Iterator[Fixture]:
        """Every fixture, in the order of the file; `key` is the column that gets a value of its own in each row."""
        numbers = iter(range(1, 1_000_000))
        for code, kinds in self.rules.items():
            for kind, given in kinds.items():
                for place, fixture in enumerate(given, start=1):
                    changes = fixture if isinstance(fixture, list) else [fixture]
                    also = frozenset(changes[0].get("also", "").split())
                    yield Fixture(
                        code=code,
                        kind=kind,
                        place=place,
                        rows=tuple(self._row(change, key, next(numbers)) for change in changes),
                        files=tuple(self.file | change.get("file", {}) for change in changes),
                        expected=also | {code} if kind == "fails" else also,
                    )

    def _row(self, change: dict[str, Any], key: str | None, number: int) -> Row:
        own = {key: f"FIXTURE/{number}"} if key else {}
        return own | self.base | {name: value for name, value in change.items() if name not in ("file", "also")}


def read(path: Path) -> Fixtures:
    """The fixtures in one file; every value is text, as it is in a delivery.

    Raises FileNotFoundError, with what to do, where a source has none.
    """
    if not path.exists():
        raise FileNotFoundError(f"tests/rules/{path.name} is missing: give each rule of the source its fixtures there")
    content = yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader)
    return Fixtures(path.stem, content["base"], content["file"], content["rules"])


def gaps(contract: Contract, fixtures: Fixtures) -> list[str]:
    """What is missing or too many, each with what to do."""
    where, said = f"tests/rules/{contract.source}.yml", []
    codes = [rule.code for rule in contract.all_rules]
    for code in codes:
        given = fixtures.rules.get(code, {})
        if not given.get("fails"):
            said.append(f"{code} has no row that it fails on: add to {where}, under rules, {code}, fails, such a row")
        if not given.get("passes"):
            said.append(
                f"{code} has no row that it lets pass: add to {where}, under rules, {code}, passes, the row nearest to "
                "a failing one that must not fail"
            )
    said += [
        f"{where} has fixtures of {code}, which is no rule of expectations/{contract.source}.yml: remove them, or give "
        "the rule the code that it had"
        for code in fixtures.rules
        if code not in codes
    ]
    columns = {column.name for column in contract.loaded_columns}
    said += [
        f"{where} names the column {name}, which expectations/{contract.source}.yml does not load: correct {fixture}"
        for fixture, name in sorted(
            (fixture.name, name)
            for fixture in fixtures.each(None)
            for row in fixture.rows
            for name in row.keys() - columns
        )
    ]
    return said


def judged(contract: Contract, fixtures: Fixtures, folder: Path) -> dict[Fixture, set[str]]:
    """Every fixture with the codes of the rules that its first row breaks, by one validation of them all.

    The base itself is judged as well, as a fixture of the code BASE.
    """
    key = contract.key[0] if contract.delivery.kind == "changes" else None
    base: dict[str, dict[Kind, list[Any]]] = {"BASE": {"passes": [{}]}}
    every = list(Fixtures(fixtures.source, fixtures.base, fixtures.file, base | fixtures.rules).each(key))
    rows: list[dict[str, Any]] = []
    files: list[dict[str, Any]] = []
    first_rows: dict[int, Fixture] = {}
    for fixture in every:
        first_rows[len(rows)] = fixture
        own: list[Row] = []
        for row, file in zip(fixture.rows, fixture.files, strict=True):
            if file not in own:
                own.append(file)
                files.append({"extract_date": file["extract_date"], "slice": file.get("month")})
            rows.append(row | {"file_id": len(files) - len(own) + own.index(file) + 1})
    database = scratch_file(folder, contract, rows, files=files)
    validate(contract, database)
    found: dict[int, set[str]] = defaultdict(set)
    with duckdb.connect(str(database), read_only=True) as connection:
        for row_id, code in connection.execute("select row_id, code from failures").fetchall():
            found[row_id].add(code)
    return {fixture: found[row_id] for row_id, fixture in first_rows.items()}
