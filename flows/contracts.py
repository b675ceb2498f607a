"""Contracts: the one description of a source.

`expectations/<source>.yml` says what a source delivers: how its files are named, its key, its columns with their
types, and the rules that decide what becomes of a row. Everything else that speaks of a source is made from here:
the typed read, the Great Expectations suite, the dbt sources, the dictionary.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from flows import reference
from flows.errors import UsageError

CONTRACTS_DIR = Path(__file__).resolve().parents[1] / "expectations"

Severity = Literal["critical", "warning", "info"]
Dimension = Literal["completeness", "uniqueness", "consistency", "timeliness", "validity", "accuracy"]
Cadence = Literal["daily", "weekly", "monthly", "quarterly", "yearly"]
ColumnType = Literal["text", "code", "int", "decimal", "date", "month", "time", "flag"]
Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
RuleCode = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*$")]
Sentence = Annotated[str, Field(min_length=10)]

FILE_COLUMNS = {"file_force": "varchar", "file_month": "date", "file_extract_date": "date"}
"""Facts of the delivery that a rule may compare a row with, and their DuckDB types."""

BLANKS = " \u00a0"
"""What does not count around a value: spaces and no-break spaces."""

YAML = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""Reads contracts, as every command does; ten times as fast where PyYAML was built with libyaml."""

MALFORMED = "ROW_MALFORMED"
MALFORMED_MESSAGE = "The line has too few or too many fields, or a NUL, so that its columns cannot be told apart"
MOST_CRITICAL_RULES = 126
"""Critical rules of a contract at most: those that a row breaks are kept in one number."""
UNKNOWN_COLUMN = "COLUMN_UNKNOWN"
UNKNOWN_COLUMN_MESSAGE = "The file has a column that the contract does not know; the column is not loaded"

_PERIODS: dict[Cadence, str] = {
    "daily": "day",
    "weekly": "week",
    "monthly": "month",
    "quarterly": "quarter",
    "yearly": "year",
}

_DUCKDB_TYPES: dict[ColumnType, str] = {
    "text": "varchar",
    "code": "varchar",
    "int": "bigint",
    "decimal": "double",
    "date": "date",
    "month": "date",
    "time": "timestamp",
    "flag": "boolean",
}


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Respelling(_Strict):
    """Another way to write a value: what `pattern` (a regular expression) matches is read as `replacement`."""

    pattern: str
    replacement: str
    """May name groups of the pattern: \\1."""


class ListedIn(_Strict):
    """A list in the reference data that the values of a column are in.

    A value that equals one of `spellings`, without regard to case, is read as that row's `column`.
    """

    reference: Identifier
    column: Identifier
    spellings: tuple[Identifier, ...]


class Column(_Strict):
    """One column of a delivery. `headers` are further spellings that a force's system may use.

    A value is read in this order: it is trimmed, respelled (`reads`), looked up (`listed_in`), and read as its type.
    """

    name: Identifier
    type: ColumnType
    description: Sentence
    headers: tuple[str, ...] = ()
    required: bool = False
    personal: bool = False
    """Dropped while reading."""
    pseudonymised: bool = False
    """Replaced by a keyed hash while reading: a reference to a person."""
    supplied: bool = True
    """False: this force does not supply the column; a file without it is fine and the column is NULL."""
    bad_type: Severity = "critical"
    """How serious a value is that cannot be read as the type, or is not in the list; below critical it becomes NULL."""
    reads: Respelling | None = None
    listed_in: ListedIn | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Column:
        if self.pseudonymised and (self.personal or self.reads or self.listed_in or self.type not in ("text", "code")):
            raise ValueError(f"{self.name}: only a text or code that is taken as it stands can be pseudonymised")
        if self.listed_in and self.type not in ("text", "code"):
            raise ValueError(f"{self.name}: only a text or code can be listed in reference data")
        return self

    @property
    def duckdb_type(self) -> str:
        """The DuckDB type of the typed column."""
        return _DUCKDB_TYPES[self.type]

    @property
    def as_given(self) -> str | None:
        """Name of the column that keeps the text of a value which could not be read as the type or is not listed."""
        return f"{self.name}__as_given" if self.type != "text" or self.listed_in else None

    @property
    def header_keys(self) -> frozenset[str]:
        """The normalised spellings by which a header is recognised as this column."""
        return frozenset(header_key(name) for name in (self.name, *self.headers))


class Rule(_Strict):
    """One rule: a Great Expectations expectation, or a condition in SQL that a failing row meets.

    `when` limits the rule to the rows that meet a SQL condition. A condition may name the typed columns, FILE_COLUMNS,
    and the tables of reference data that the contract lists, as `reference.<name>`. `nulls` names the columns that
    become NULL in a failing row (never for critical rules, whose rows are quarantined).
    """

    code: RuleCode
    severity: Severity
    dimension: Dimension
    message: Sentence
    expectation: str | None = None
    kwargs: dict[str, Any] = Field(default_factory=dict)
    breaks: str | None = None
    when: str | None = None
    nulls: tuple[Identifier, ...] = ()
    owner: str | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> Rule:
        if (self.expectation is None) == (self.breaks is None):
            raise ValueError(f"{self.code}: give either `expectation` or `breaks` (a SQL condition)")
        if self.nulls and self.severity == "critical":
            raise ValueError(f"{self.code}: a critical rule quarantines the row; `nulls` has no meaning")
        return self


class Delivery(_Strict):
    """How a source's files are named, and what one of them stands for."""

    kind: Literal["slice", "changes"]
    naming: Literal["dated", "police_uk"]
    """`dated`: `<source>_<YYYY-MM-DD>[_rN]`. `police_uk`: `YYYY-MM-<force>-<suffix>`, dated by archive or folder."""
    suffix: str | None = None
    force_column: Identifier | None = None
    """The column that names the force; without one the force comes from the settings."""
    empty_allowed: bool = False
    max_quarantined_share: float = Field(default=0.2, gt=0, le=1)
    min_quarantined_rows: int = Field(default=10, ge=1)

    @model_validator(mode="after")
    def _complete(self) -> Delivery:
        if self.naming == "police_uk" and not self.suffix:
            raise ValueError("naming police_uk needs a `suffix`, such as street")
        return self


class Due(_Strict):
    """When the delivery that is current to the end of a period is to be here; a period is as long as the cadence.

    All three count working days, Monday to Friday without the bank holidays of England and Wales.
    """

    working_day: int = Field(ge=1)
    """By the end of which working day after the period's last day it is to be here."""
    late_after: int = Field(ge=1)
    """From which working day after that one it counts as late."""
    missing_after: int
    """From which working day after that one it counts as missing: nobody expects it any more."""

    @model_validator(mode="after")
    def _in_order(self) -> Due:
        if self.missing_after <= self.late_after:
            raise ValueError("a delivery is late before it is missing: give a greater `missing_after`")
        return self


HistoryKind = Literal["volume", "category_vanishes", "category_appears", "share_jumps", "share_outside"]


class HistoryRule(_Strict):
    """A rule that holds a whole delivery against those of the same source and force before it; never critical.

    Of a `slice` source the newest publication of each slice counts, in order of slices; of a `changes` source every
    extract, in order of extract dates. Kinds:

    * `volume`: the rows received (of changes: per day since the extract before) lie outside the natural process limits
      (XmR) of the deliveries before, and by at least `points` percent from their average
    * `category_vanishes`: a value that each of the deliveries before had is absent, though at their shares at least
      5 rows of it were to be expected
    * `category_appears`: a value that none of the deliveries before had
    * `share_jumps`: the share of a value lies outside the XmR limits of the deliveries before, and by at least
      `points` percentage points from their average
    * `share_outside`: the share of rows for which `value` is true lies below `least_pct` or above `most_pct`; looks at
      no other delivery

    What is counted is a `column` whose values are listed, or `value`, a condition in SQL over the loaded columns; rows
    for which it is NULL are not looked at.
    """

    code: RuleCode
    kind: HistoryKind
    severity: Literal["warning", "info"]
    dimension: Dimension
    message: Sentence
    column: Identifier | None = None
    value: str | None = None
    before: int = Field(default=0, ge=0, le=120)
    """How many deliveries before it count at most; by default 24, and 6 where a value appears or vanishes."""
    fewest: int = Field(default=8, ge=2)
    """With fewer deliveries before it than these, limits are not judged. Appearing and vanishing need all `before`."""
    rows: int = Field(default=20, ge=1)
    """Least rows: of the value in the deliveries before (vanishes) or in this one (appears); of a delivery (shares); of
    this delivery, or to be expected of it (volume)."""
    points: float = Field(default=0.0, ge=0)
    least_pct: float | None = Field(default=None, ge=0, le=100)
    most_pct: float | None = Field(default=None, ge=0, le=100)
    owner: str | None = None

    @model_validator(mode="after")
    def _complete(self) -> HistoryRule:
        counted = [name for name in (self.column, self.value) if name]
        if len(counted) != (self.kind != "volume"):
            raise ValueError(f"{self.code}: volume counts rows; every other kind needs a `column` or a `value`")
        if self.kind in ("category_vanishes", "category_appears") and not self.column:
            raise ValueError(f"{self.code}: categories are the values of a `column`")
        if (self.kind == "share_outside") != (self.least_pct is not None or self.most_pct is not None):
            raise ValueError(
                f"{self.code}: `least_pct` and `most_pct` are the limits of share_outside, and of no other"
            )
        if self.kind == "share_outside" and not self.value:
            raise ValueError(f"{self.code}: share_outside needs a `value`, the condition whose share it limits")
        return self

    @property
    def measure(self) -> str | None:
        """The name under which a delivery's rows are counted by value; None for rows as such."""
        return self.column or (self.value and self.code.lower())

    @property
    def deliveries_before(self) -> int:
        """How many deliveries before it count at most."""
        return self.before or (6 if self.kind.startswith("category") else 24)


class Contract(_Strict):
    """What one source delivers, and the rules its rows must meet."""

    source: Identifier
    system: Identifier
    title: Sentence
    record_source: Literal["force", "police_uk"]
    description: Sentence
    owner: str
    cadence: Cadence
    due: Due | None = None
    """Without it nothing is said of whether the source is late."""
    delivery: Delivery
    key: tuple[Identifier, ...]
    counted_by: Identifier | None = None
    """The column whose month a record of changes belongs to; a slice is of its file's month."""
    confidential: bool = False
    """No row of it, and no count by month, delivery or rule, leaves the private warehouse."""
    retention: int | None = Field(default=None, ge=1, le=120)
    """Years after the month that a record lies in from which on it is due for review; nothing is removed by itself."""
    escalate_after_days: int | None = Field(default=None, ge=1)
    """After how many days a serious problem is told to others too; the default is the one in the settings."""
    reference: tuple[Identifier, ...] = ()
    """The seeds that its rules and columns look values up in."""
    columns: tuple[Column, ...]
    rules: tuple[Rule, ...] = ()
    history: tuple[HistoryRule, ...] = ()

    @model_validator(mode="after")
    def _sound(self) -> Contract:
        names = [column.name for column in self.columns]
        if len(set(names)) != len(names):
            raise ValueError("a column name is given twice")
        spellings = [key for column in self.columns for key in column.header_keys]
        if len(set(spellings)) != len(spellings):
            raise ValueError("two columns share a header")
        known = {column.name for column in self.loaded_columns} | set(FILE_COLUMNS)
        for rule in self.rules:
            used = [rule.kwargs[k] for k in ("column", "column_A", "column_B") if k in rule.kwargs]
            for name in (*used, *rule.nulls):
                if name not in known:
                    raise ValueError(f"rule {rule.code} names the column {name!r}, which is not loaded")
        for name in (*self.key, *filter(None, [self.delivery.force_column])):
            if name not in known:
                raise ValueError(f"the key or force column {name!r} is not a loaded column")
        if self.retention and self.delivery.kind == "changes" and self.counted_by is None:
            raise ValueError("`retention` counts from a record's month, and `counted_by` does not say which that is")
        if sum(rule.severity == "critical" for rule in self.all_rules) > MOST_CRITICAL_RULES:
            raise ValueError(f"more than {MOST_CRITICAL_RULES} critical rules, those of types and keys included")
        self._check_reference()
        self._check_history()
        codes = [rule.code for rule in (*self.all_rules, *self.history)]
        if len(set(codes)) != len(codes):
            raise ValueError("a rule code is given twice")
        return self

    @property
    def loaded_columns(self) -> tuple[Column, ...]:
        """The columns that may leave the file: all but the personal ones."""
        return tuple(column for column in self.columns if not column.personal)

    @property
    def due_in_words(self) -> str:
        """By when its delivery for a period is to be here, such as: 6th working day after the month."""
        if self.due is None:
            return self.cadence
        number = self.due.working_day
        ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
        return f"{number}{ending} working day after the {_PERIODS[self.cadence]}"

    @property
    def needs_hmac_key(self) -> bool:
        """Whether a column refers to people, so that it cannot be read without the key."""
        return any(column.pseudonymised for column in self.columns)

    @property
    def all_rules(self) -> tuple[Rule, ...]:
        """Every row rule: those made from types, required columns and the key, then those of the contract."""
        return (*self._generated_rules(), *self.rules)

    def check_states(self) -> None:
        """Raises UsageError where it does not say what dbt is to make the states of its records by."""
        if self.delivery.kind == "slice":
            return
        if len(self.key) != 1:
            raise UsageError(f"{self.source}.yml: records of changes are told apart by one column; give one `key`")
        dated = [column.name for column in self.loaded_columns if column.type in ("date", "time") and column.required]
        if self.counted_by not in dated:
            raise UsageError(
                f"{self.source}.yml: give in `counted_by` the required date or time whose month a record belongs to"
            )

    def values_of(self, column: str) -> tuple[str, ...]:
        """The values that rules list for a column, of whatever severity; empty where none does."""
        listed = [
            value
            for rule in self.rules
            if rule.expectation == "expect_column_values_to_be_in_set" and rule.kwargs["column"] == column
            for value in rule.kwargs["value_set"]
        ]
        return tuple(dict.fromkeys(listed))

    def rule_owner(self, rule: Rule | HistoryRule) -> str:
        """Who acts when the rule fails."""
        return rule.owner or self.owner

    def _generated_rules(self) -> Iterator[Rule]:
        for column in self.loaded_columns:
            if column.as_given:
                kind, wrong = "TYPE", f"cannot be read as a value of type {column.type}"
                if column.listed_in:
                    kind, wrong = "UNKNOWN", f"is not in the list of {column.listed_in.reference}"
                taken = "" if column.bad_type == "critical" else "; it is taken as not known"
                yield Rule(
                    code=f"{column.name.upper()}_{kind}",
                    severity=column.bad_type,
                    dimension="validity",
                    message=f"{column.name} {wrong}{taken}",
                    expectation="expect_column_values_to_be_null",
                    kwargs={"column": column.as_given},
                )
            if column.required:
                unreadable = f" and {column.as_given} is null" if column.as_given else ""
                yield Rule(
                    code=f"{column.name.upper()}_MISSING",
                    severity="critical",
                    dimension="completeness",
                    message=f"{column.name} is required and is blank",
                    breaks=f"{column.name} is null{unreadable}",
                )
        if self.delivery.force_column:
            yield Rule(
                code="FORCE_NOT_OF_FILE",
                severity="critical",
                dimension="consistency",
                message=f"{self.delivery.force_column} is not the force that the file is of",
                breaks=f"{self.delivery.force_column} <> file_force",
            )
        if self.delivery.kind == "changes":
            yield Rule(
                code="KEY_REPEATED",
                severity="critical",
                dimension="uniqueness",
                message=f"the key ({', '.join(self.key)}) stands in this file more than once, with different content",
                breaks="key_conflicts",
            )

    def _check_history(self) -> None:
        if self.history and self.confidential:
            raise ValueError("what a rule of `history` finds tells of counts, and this source is confidential")
        loaded = {column.name: column for column in self.loaded_columns}
        for rule in self.history:
            if rule.column is None:
                continue
            if rule.column not in loaded:
                raise ValueError(f"rule {rule.code} names the column {rule.column!r}, which is not loaded")
            column = loaded[rule.column]
            if column.type != "flag" and not column.listed_in and not self.values_of(rule.column):
                raise ValueError(f"rule {rule.code} counts {rule.column} by value, and no rule lists its values")

    def _check_reference(self) -> None:
        for name in self.reference:
            try:
                reference.path(name)
            except UsageError as error:
                raise ValueError(str(error)) from None
        for column in self.loaded_columns:
            listed = column.listed_in
            if listed is None:
                continue
            if listed.reference not in self.reference:
                raise ValueError(f"{column.name} is listed in {listed.reference!r}, which `reference` does not name")
            for name in (listed.column, *listed.spellings):
                if name not in reference.columns(listed.reference):
                    raise ValueError(f"{column.name} is listed in {listed.reference}, which has no column {name!r}")

    @property
    def fingerprint(self) -> str:
        """Hash of everything the contract says, and of the reference data it uses; changes when either does."""
        parts = [self.model_dump_json(), *(reference.fingerprint(name) for name in self.reference)]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def header_key(header: str) -> str:
    """A header as it is compared: lower case, runs of spaces, no-break spaces and underscores as one underscore."""
    return re.sub(r"[\s_\u00a0]+", "_", header.strip(" \t\r\n\u00a0_\ufeff")).lower()


def load_contract(path: Path) -> Contract:
    """The contract in one YAML file.

    Raises UsageError, naming the file and the place in it, when the file is no sound contract.
    """
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), YAML)
        contract = Contract.model_validate(content)
    except (yaml.YAMLError, ValidationError) as error:
        raise UsageError(f"{path.name} is not a sound contract: {_explain(error)}") from None
    if contract.source != path.stem:
        raise UsageError(f"{path.name} describes the source {contract.source!r}; name the file {contract.source}.yml")
    return contract


def load_contracts(folder: Path = CONTRACTS_DIR) -> dict[str, Contract]:
    """All contracts of a folder by source, in alphabetical order of source."""
    contracts = {path.stem: load_contract(path) for path in sorted(folder.glob("*.yml"))}
    if not contracts:
        raise UsageError(f"no contract (*.yml) found in {folder}")
    return contracts


def contracts_fingerprint(contracts: dict[str, Contract]) -> str:
    """Hash over all contracts."""
    parts = "".join(f"{name}:{contract.fingerprint};" for name, contract in sorted(contracts.items()))
    return hashlib.sha256(parts.encode()).hexdigest()[:16]


def _explain(error: Exception) -> str:
    if isinstance(error, ValidationError):
        return "; ".join(
            f"{'.'.join(str(part) for part in item['loc']) or 'contract'}: {item['msg']}" for item in error.errors()
        )
    return " ".join(str(error).split())
