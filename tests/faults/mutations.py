"""Mutated deliveries: a clean file of a source with one thing done to it, and what must become of every row.

What a mutation implies is told by the specification of deliveries alone: the fate of the file and of each record, and
a second file, plain and sound, that must give the same marts. The same kind, source and seed give the same bytes.
"""

from __future__ import annotations

import csv
import gzip
import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

import duckdb
import openpyxl

from tests.faults.clean_files import ALL, BASE_DAY, BASE_MONTH, DAY, MONTH, ROWS, STREET, Row, Source, clean_rows
from tests.faults.street import Files

TODAY = date(2024, 1, 31)
PUBLISHED_AGAIN = "published-2019-02/"
LONDON = ZoneInfo("Europe/London")

KNOWN_BEFORE = slice(0, ROWS, 2)
"""Rows of the clean file whose records the earlier extract has too; the first of them were another then."""
CHANGED_SINCE = 12


@dataclass(frozen=True)
class Fate:
    """What must become of one file. `bad`: record number → rules that it breaks, among others perhaps.

    `reasons`: of the file, when it is rejected; any of them is right. `received` is None where rows cannot be read.
    """

    received: int | None
    bad: Mapping[int, frozenset[str]] = field(default_factory=dict)
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class Mutation:
    """One mutation: files by path, of the mutated delivery and of the plain one that it must be worth.

    `fates` by path of the mutated. `base` stands before both, and `clean` is what was mutated. `touched` are keys of
    the records that may be others than if the file were clean, `months` those of such records. `verbatim`: texts that
    must stand as data in the column `free`. `copies`: whether accepted rows stand in the mutated file more than once.
    """

    base: Files
    mutated: Files
    implied: Files
    clean: Files
    fates: Mapping[str, Fate]
    touched: frozenset[str]
    months: frozenset[str]
    verbatim: tuple[str, ...] = ()
    copies: bool = False


class Draft:
    """A clean file in the making of a mutation: rows as they are given, and what they are worth (None: nothing)."""

    def __init__(self, source: str, rng: Random, force: str) -> None:
        self.spec = ALL[source]
        self.rng = rng
        self.force = force
        self.columns = (*self.spec.columns, *self.spec.personal)
        self.header = list(self.columns)
        self.clean = [self._own(row) for row in clean_rows(source)]
        self.given = [dict(row) for row in self.clean]
        self.worth: list[Row | None] = [dict(row) for row in self.clean]
        self.bad: dict[int, frozenset[str]] = {}
        self.verbatim: list[str] = []
        self.again = rng.random() < 0.5

    def _own(self, row: Row) -> Row:
        return row | {"Reported by": self.force} if "Reported by" in row else row

    @property
    def is_slice(self) -> bool:
        return self.spec.name == STREET

    def pick(self, count: int = 1) -> list[int]:
        """Places of some rows, in order; of a slice, rows with an identifier."""
        return sorted(self.rng.sample(range(ROWS - 5), count))

    def read_as(self, at: int, **values: str) -> None:
        """What a row is worth, other than what it was."""
        row = self.worth[at]
        assert row is not None
        row.update({self.column(name): value for name, value in values.items()})

    def column(self, name: str) -> str:
        """`free` is the column of free text, `key` and `counted_by` those of the source."""
        return {"free": self.spec.free or "", "key": self.spec.key, "counted_by": self.spec.counted_by}.get(name, name)

    def put(self, at: int, **values: str) -> None:
        """Give a row other values, which are worth themselves."""
        self.given[at].update({self.column(name): value for name, value in values.items()})
        self.read_as(at, **values)

    def spoil(self, at: int, rule: str, **values: str) -> None:
        """Give a row values by which it breaks a critical rule."""
        self.given[at].update({self.column(name): value for name, value in values.items()})
        self.lose(at, rule)

    def lose(self, at: int, *rules: str) -> None:
        """The row is quarantined."""
        self.worth[at] = None
        self.bad[at + 2] = frozenset(rules)

    def lines(self) -> list[str]:
        """The given rows as lines of CSV without line ends, the header first."""
        return text_of(self.header, self.given).split("\n")[:-1]

    def path(self, ending: str = ".csv", *, day: date = DAY, more: str = "", folder: str = "") -> str:
        """Where a file is delivered, below the folder of the force."""
        if not self.is_slice:
            return f"{folder}{self.spec.name}_{day}{more}{ending}"
        name = f"{MONTH:%Y-%m}-{slug(self.force)}-street{more}{ending}"
        return f"{folder}{PUBLISHED_AGAIN if self.again else ''}{MONTH:%Y-%m}/{name}"

    def base(self) -> Files:
        """The earlier extract; of a slice, the month before, and sometimes an earlier publication of this one."""
        if self.is_slice:
            before = [self._own(row | {"Month": f"{BASE_MONTH:%Y-%m}"}) for row in self.clean]
            name = f"{BASE_MONTH:%Y-%m}/{BASE_MONTH:%Y-%m}-{slug(self.force)}-street.csv"
            files = {name: plain(self.columns, before)}
            if self.again:
                first = f"{MONTH:%Y-%m}/{MONTH:%Y-%m}-{slug(self.force)}-street.csv"
                files[first] = plain(self.columns, self.clean[10:])
            return files
        before = [dict(row) for row in self.clean[KNOWN_BEFORE]]
        column = self.spec.free or self.spec.of_type("code")[-1]
        for row in before[:CHANGED_SINCE]:
            others = [v for v in self.spec.lists.get(column, ("Sampling Lane", "Example Lane")) if v != row[column]]
            row[column] = others[0]
        return {f"{self.spec.name}_{BASE_DAY}.csv": plain(self.columns, before)}

    # ---- what a kind of mutation ends in

    def accepted(
        self,
        content: bytes | None = None,
        *,
        path: str | None = None,
        received: int | None = None,
        copies: bool = False,
        extra: Sequence[int] = (),
    ) -> Mutation:
        """The file is loaded. `content` is it, if not just the given rows; `extra` are places that may be others."""
        rows = [row for row in self.worth if row is not None]
        name = path or self.path()
        fate = Fate(len(self.given) if received is None else received, self.bad)
        content = plain(self.header, self.given) if content is None else content
        implied = {self.path(): plain(self.columns, rows)}
        return self.ends({name: content}, implied, {name: fate}, extra=extra, copies=copies)

    def rejected(
        self,
        content: bytes | None = None,
        *reasons: str,
        path: str | None = None,
        received: int | None = None,
        also: Files | None = None,
    ) -> Mutation:
        """The file is rejected: it is worth as much as one of no bytes. `also` comes beside it, and is accepted."""
        name = path or self.path()
        content = plain(self.header, self.given) if content is None else content
        also = also or {}
        fates = {name: Fate(received, reasons=reasons), **{other: Fate(ROWS) for other in also}}
        extra = () if also else range(ROWS)
        return self.ends({name: content, **also}, {name: b"", **also}, fates, extra=extra)

    def ends(
        self,
        mutated: Files,
        implied: Files,
        fates: Mapping[str, Fate],
        *,
        extra: Sequence[int] = (),
        copies: bool = False,
    ) -> Mutation:
        changed = {at for at, row in enumerate(self.worth) if row != self.clean[at]} | set(extra)
        rows = [row for at in changed for row in (self.clean[at], self.given[at], self.worth[at]) if row is not None]
        months = {month for row in rows if (month := month_of(row[self.spec.counted_by]))}
        return Mutation(
            self.base(),
            mutated,
            implied,
            {self.path(): plain(self.columns, self.clean)},
            fates,
            frozenset(row[self.spec.key].strip() for row in rows),
            frozenset(months),
            tuple(self.verbatim),
            copies,
        )


def slug(force: str) -> str:
    return force.lower().replace(" ", "-")


def month_of(text: str) -> str | None:
    """The month 'YYYY-MM' that a text begins with or, written the other way round, holds."""
    text = text.strip()
    if text[2:3] == "/":
        text = f"{text[6:10]}-{text[3:5]}"
    return text[:7] if len(text) >= 7 and text[4] == "-" else None


def text_of(header: Sequence[str], rows: Sequence[Row]) -> str:
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([row[name] for name in header] for row in rows)
    return lines.getvalue()


def plain(header: Sequence[str], rows: Sequence[Row]) -> bytes:
    return text_of(header, rows).encode()


Kind = Callable[[Draft], Mutation]
KINDS: dict[str, Kind] = {}
_FITS: dict[str, Callable[[Source], object]] = {}


def kind(fits: Callable[[Source], object] = lambda source: True) -> Callable[[Kind], Kind]:
    """Register a kind of mutation; `fits` says which sources it can be done to."""

    def register(function: Kind) -> Kind:
        KINDS[function.__name__] = function
        _FITS[function.__name__] = fits
        return function

    return register


def sources_of(name: str) -> list[str]:
    """The sources that a kind of mutation can be done to."""
    return [source for source, spec in ALL.items() if _FITS[name](spec)]


def mutation(name: str, source: str, seed: int, force: str) -> Mutation:
    """One mutation of a kind. But for the force, the same arguments give the same one."""
    return KINDS[name](Draft(source, Random(f"{name} {source} {seed}"), force))


def dated(source: Source) -> bool:
    """A force's own."""
    return source.name != STREET


def has_text(source: Source) -> bool:
    return source.free is not None


def has_personal(source: Source) -> bool:
    return bool(source.personal)


def has(*types: str) -> Callable[[Source], bool]:
    return lambda source: any(source.of_type(type_) for type_ in types)


# ---- the header


@kind()
def drop_required_column(draft: Draft) -> Mutation:
    draft.header.remove(draft.rng.choice(draft.spec.required))
    return draft.rejected(None, "COLUMN_MISSING")


@kind()
def drop_optional_column(draft: Draft) -> Mutation:
    draft.header.remove(draft.rng.choice([name for name in draft.spec.columns if name not in draft.spec.required]))
    return draft.rejected(None, "COLUMN_MISSING")


@kind(has_personal)
def drop_personal_columns(draft: Draft) -> Mutation:
    dropped = draft.rng.sample(draft.spec.personal, draft.rng.randint(1, len(draft.spec.personal)))
    header = [name for name in draft.header if name not in dropped]
    return draft.accepted(plain(header, draft.given))


@kind()
def repeat_header(draft: Draft) -> Mutation:
    lines = draft.lines()
    name = draft.rng.choice(list(draft.spec.columns))
    again = draft.rng.choice((name, name.upper(), f" {name}", name.replace("_", " ")))
    return draft.rejected(_widened(lines, again, "x"), "HEADER_DUPLICATED")


@kind()
def rename_header(draft: Draft) -> Mutation:
    lines = draft.lines()
    lines[0] = lines[0].replace(draft.rng.choice(list(draft.spec.columns)), "renamed", 1)
    return draft.rejected(_file(lines), "COLUMN_MISSING")


@kind()
def add_unknown_column(draft: Draft) -> Mutation:
    return draft.accepted(_widened(draft.lines(), "officer in case", "Zz-Sample Person 1"))


@kind()
def add_blank_header(draft: Draft) -> Mutation:
    return draft.accepted(_widened(draft.lines(), draft.rng.choice(("", "  ")), "left over"))


@kind()
def shuffle_columns(draft: Draft) -> Mutation:
    header = draft.rng.sample(draft.header, len(draft.header))
    return draft.accepted(plain(header, draft.given))


@kind()
def respell_headers(draft: Draft) -> Mutation:
    spell = draft.rng.choice((str.upper, str.title, lambda name: "  " + name.replace("_", "\u00a0 ")))
    names = [spell(name) for name in draft.header]
    return draft.accepted(_file([",".join(names), *draft.lines()[1:]]))


@kind()
def swap_headers(draft: Draft) -> Mutation:
    """Every row has the key where its time belongs."""
    header, one, other = list(draft.header), draft.spec.key, draft.spec.counted_by
    places = header.index(one), header.index(other)
    header[places[0]], header[places[1]] = other, one
    return draft.rejected(_file([",".join(header), *draft.lines()[1:]]), "TOO_MANY_BAD_ROWS", received=ROWS)


@kind(lambda source: dated(source) and source.lists)
def swap_values(draft: Draft) -> Mutation:
    """A few rows have the key where a value of a list belongs, and the other way round."""
    listed = next(iter(draft.spec.lists))
    for at in draft.pick(3):
        row = draft.given[at]
        draft.spoil(at, f"{listed.upper()}_UNKNOWN", **{"key": row[listed], listed: row[draft.spec.key]})
    return draft.accepted()


@kind()
def lose_header(draft: Draft) -> Mutation:
    """The first row is taken for the header: it lacks the columns, and may hold a value twice."""
    return draft.rejected(_file(draft.lines()[1:]), "COLUMN_MISSING", "HEADER_DUPLICATED")


@kind()
def header_alone(draft: Draft) -> Mutation:
    content = _file(draft.lines()[:1])
    if draft.is_slice:
        return draft.rejected(content, "NO_ROWS", received=0)
    path = draft.path()
    return draft.ends({path: content}, {path: content}, {path: Fate(0)}, extra=range(ROWS))


@kind()
def no_bytes(draft: Draft) -> Mutation:
    return draft.rejected(b"", "FILE_EMPTY")


@kind()
def blank_lines_alone(draft: Draft) -> Mutation:
    return draft.rejected(draft.rng.choice((b"\n", b"\r\n \r\n", b"   ")), "HEADER_MISSING")


# ---- the text as a whole


@kind()
def truncate_in_row(draft: Draft) -> Mutation:
    lines = draft.lines()
    at = draft.rng.randrange(5, ROWS - 5)
    cut = draft.header[: draft.rng.randint(1, len(draft.header) - 1)]
    text = text_of(cut, [draft.given[at]]).split("\n")[1]
    for place in range(at + 1, ROWS):
        draft.worth[place] = None
    draft.lose(at, "ROW_MALFORMED")
    return draft.accepted(_file([*lines[: at + 1], text or " x"])[:-1], received=at + 1)


@kind(has_text)
def truncate_in_quotes(draft: Draft) -> Mutation:
    lines = draft.lines()
    at = draft.rng.randrange(5, ROWS)
    return draft.rejected(_file([*lines[: at + 1], 'x,"in the words of'])[:-1], "QUOTE_UNCLOSED")


@kind()
def unclosed_quote(draft: Draft) -> Mutation:
    lines = draft.lines()
    at = draft.rng.randrange(1, ROWS)
    rest = [line.replace('"', "") for line in lines[at:]]
    return draft.rejected(_file([*lines[:at], f'"{rest[0]}', *rest[1:]]), "QUOTE_UNCLOSED")


@kind()
def truncate_gzip(draft: Draft) -> Mutation:
    packed = gzip.compress(_file(draft.lines()), mtime=0)
    return draft.rejected(packed[: -draft.rng.randint(1, 200)], "FILE_UNREADABLE", path=draft.path(".csv.gz"))


@kind()
def garbage_after_gzip(draft: Draft) -> Mutation:
    packed = gzip.compress(_file(draft.lines()), mtime=0)
    return draft.rejected(packed + b"and more", "FILE_UNREADABLE", path=draft.path(".csv.gz"))


@kind()
def plain_text_named_gz(draft: Draft) -> Mutation:
    return draft.rejected(None, "FILE_UNREADABLE", path=draft.path(".csv.gz"))


@kind()
def packed_text_named_csv(draft: Draft) -> Mutation:
    return draft.rejected(gzip.compress(_file(draft.lines()), mtime=0), "FILE_UNREADABLE")


@kind(dated)
def damaged_workbook(draft: Draft) -> Mutation:
    content = _workbook(draft.header, draft.given)
    return draft.rejected(content[: len(content) // 2], "FILE_UNREADABLE", path=draft.path(".xlsx"))


@kind(dated)
def damaged_parquet(draft: Draft) -> Mutation:
    content = _parquet(draft.header, draft.given)
    return draft.rejected(content[:-20], "FILE_UNREADABLE", path=draft.path(".parquet"))


@kind()
def as_gzip(draft: Draft) -> Mutation:
    return draft.accepted(gzip.compress(_file(draft.lines()), mtime=0), path=draft.path(".csv.gz"))


@kind()
def as_zip(draft: Draft) -> Mutation:
    """The member is named as a file would be; of a slice, the archive stands where the file would."""
    member = draft.path().rpartition("/")[2]
    folder = draft.path()[: -len(member)]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(member), _file(draft.lines()))
    return draft.accepted(packed.getvalue(), path=f"{folder}delivered.zip")


@kind(dated)
def as_workbook(draft: Draft) -> Mutation:
    return draft.accepted(_workbook(draft.header, draft.given), path=draft.path(".xlsx"))


@kind(dated)
def as_parquet(draft: Draft) -> Mutation:
    return draft.accepted(_parquet(draft.header, draft.given), path=draft.path(".parquet"))


@kind()
def byte_order_mark(draft: Draft) -> Mutation:
    return draft.accepted(b"\xef\xbb\xbf" + _file(draft.lines()))


@kind()
def windows_line_ends(draft: Draft) -> Mutation:
    return draft.accepted("\r\n".join([*draft.lines(), ""]).encode())


@kind()
def carriage_returns_alone(draft: Draft) -> Mutation:
    return draft.accepted("\r".join([*draft.lines(), ""]).encode())


@kind()
def mixed_line_ends(draft: Draft) -> Mutation:
    return draft.accepted("".join(line + draft.rng.choice(("\n", "\r\n", "\r")) for line in draft.lines()).encode())


@kind()
def no_last_line_end(draft: Draft) -> Mutation:
    return draft.accepted(_file(draft.lines())[:-1])


@kind()
def blank_lines(draft: Draft) -> Mutation:
    """Between, before and after the rows; they are no records, so that numbers do not shift."""
    (at,) = draft.pick()
    draft.spoil(at, f"{_rule_name(draft.spec.counted_by)}_TYPE", counted_by="some day")
    lines = draft.lines()
    for place in sorted(draft.rng.sample(range(len(lines)), 5), reverse=True):
        lines.insert(place, draft.rng.choice(("", "  ", "\t")))
    return draft.accepted(_file([*lines, "", ""]))


@kind(has_text)
def windows_1252(draft: Draft) -> Mutation:
    for at in draft.pick(3):
        draft.put(at, free="Café “Zoé” – £5")
    return draft.accepted(_file(draft.lines()).decode().encode("cp1252"))


@kind()
def utf_16(draft: Draft) -> Mutation:
    return draft.rejected(_file(draft.lines()).decode().encode("utf-16"), "ENCODING")


@kind()
def utf_16_without_mark(draft: Draft) -> Mutation:
    """Of plain letters it is valid UTF-8, full of NUL."""
    text = text_of(draft.header, draft.given).encode("ascii", "replace").decode()
    return draft.rejected(text.encode("utf-16-le"), "HEADER_UNREADABLE", "ENCODING")


@kind(has_text)
def bytes_of_no_encoding(draft: Draft) -> Mutation:
    draft.put(draft.pick()[0], free="Caf@")
    return draft.rejected(_file(draft.lines()).replace(b"Caf@", b"Caf\x81\xc3"), "ENCODING")


@kind(has_text)
def truncate_in_character(draft: Draft) -> Mutation:
    """The text is cut in the middle of a character. What is left is no UTF-8, and so it is read as Windows-1252."""
    (at,) = draft.pick()
    draft.put(at, free="Zoé")
    draft.read_as(at, free="ZoÃ©")
    draft.bad[ROWS + 2] = frozenset({"ROW_MALFORMED"})
    return draft.accepted(_file([*draft.lines(), "é"]).removesuffix(b"\xa9\n"), received=ROWS + 1)


@kind()
def record_too_narrow(draft: Draft) -> Mutation:
    lines = draft.lines()
    for at in draft.pick(3):
        lines[at + 1] = lines[at + 1].partition(",")[0] + draft.rng.choice(("", ",x"))
        draft.lose(at, "ROW_MALFORMED")
    return draft.accepted(_file(lines))


@kind()
def record_too_wide(draft: Draft) -> Mutation:
    lines = draft.lines()
    for at in draft.pick(3):
        lines[at + 1] += draft.rng.choice((",", ",,", ",x"))
        draft.lose(at, "ROW_MALFORMED")
    return draft.accepted(_file(lines))


@kind()
def nul_in_record(draft: Draft) -> Mutation:
    lines = draft.lines()
    for at in draft.pick(2):
        lines[at + 1] = lines[at + 1].replace(",", ",\0", 1)
        draft.lose(at, "ROW_MALFORMED")
    return draft.accepted(_file(lines))


@kind(has_text)
def field_of_17_mb(draft: Draft) -> Mutation:
    draft.given[draft.pick()[0]][draft.spec.free or ""] = "x" * (17 << 20)
    return draft.rejected(None, "FIELD_TOO_LONG")


# ---- values


@kind(has("int"))
def no_whole_number(draft: Draft) -> Mutation:
    column = draft.rng.choice(draft.spec.of_type("int"))
    for at, value in zip(draft.pick(5), ("many", "3.5", "1e3", "1_000", "0x10"), strict=True):
        draft.spoil(at, f"{column.upper()}_TYPE", **{column: value})
    return draft.accepted()


@kind(has("int"))
def whole_number_with_point(draft: Draft) -> Mutation:
    """`531234.0` is an int."""
    for at in draft.pick(6):
        for column in draft.spec.of_type("int"):
            if draft.given[at][column]:
                draft.given[at][column] += ".0"
    return draft.accepted()


@kind(has("decimal"))
def no_number(draft: Draft) -> Mutation:
    column = draft.spec.of_type("decimal")[0]
    for at, value in zip(draft.pick(4), ("two", "1,5", "nan", "1e400"), strict=True):
        draft.spoil(at, f"{column.upper()}_TYPE", **{column: value})
    return draft.accepted()


@kind(has("date"))
def no_date(draft: Draft) -> Mutation:
    column = draft.spec.counted_by
    values = ("2018-02-29", "31/11/2018", "7 November 2018", "2018/11/07", "2018-11-7", "11/2018", "20181107")
    for at, value in zip(draft.pick(len(values)), values, strict=True):
        draft.spoil(at, f"{column.upper()}_TYPE", **{column: value})
    return draft.accepted()


@kind(has("time"))
def no_time(draft: Draft) -> Mutation:
    column = draft.spec.counted_by
    values = (
        *("2018-11-07 24:00", "2018-11-07 09:30 am", "2018-11-07 9:30", "2018-11-07", "2018-11-07 09:60"),
        *("2018-11-31 09:30", "2018-11-07 09:30 Europe/London", "07/11/2018T09:30"),
    )
    for at, value in zip(draft.pick(len(values)), values, strict=True):
        draft.spoil(at, f"{column.upper()}_TYPE", **{column: value})
    return draft.accepted()


@kind(has("date"))
def date_the_british_way(draft: Draft) -> Mutation:
    return _respelled(draft, "date", lambda day, rng: f"{day:%d/%m/%Y}")


@kind(has("time"))
def time_the_british_way(draft: Draft) -> Mutation:
    return _respelled(draft, "time", lambda moment, rng: f"{moment:%d/%m/%Y %H:%M:%S}")


@kind(has("time"))
def time_with_fraction(draft: Draft) -> Mutation:
    return _respelled(draft, "time", lambda moment, rng: f"{moment:%Y-%m-%dT%H:%M:%S}.987")


@kind(has("time"))
def time_with_offset(draft: Draft) -> Mutation:
    """The same moment, as another place has it, in each way of writing the offset."""

    def with_offset(moment: datetime, rng: Random) -> str:
        hours = rng.choice((-5, 0, 1, 10))
        written = rng.choice((f"{hours:+03d}", f"{hours:+03d}:00", f"{hours:+03d}00"))
        there = moment.replace(tzinfo=LONDON).astimezone(ZoneInfo("UTC")) + timedelta(hours=hours)
        return f"{there:%Y-%m-%d}{rng.choice('T ')}{there:%H:%M:%S}{written if hours else 'Z'}"

    return _respelled(draft, "time", with_offset)


@kind(has("flag"))
def no_flag(draft: Draft) -> Mutation:
    column = draft.rng.choice(draft.spec.of_type("flag"))
    for at, value in zip(draft.pick(3), ("maybe", "yes", "2"), strict=True):
        draft.spoil(at, f"{column.upper()}_TYPE", **{column: value})
    return draft.accepted()


@kind(has("flag"))
def flag_otherwise(draft: Draft) -> Mutation:
    pairs = {"Y": ("true", "1", "y", "TRUE"), "N": ("false", "0", "n", "False")}
    for row in draft.given:
        for column in draft.spec.of_type("flag"):
            row[column] = draft.rng.choice(pairs[row[column]]) if row[column] else ""
    return draft.accepted()


@kind(lambda source: source.lists)
def no_value_of_list(draft: Draft) -> Mutation:
    column = draft.rng.choice(list(draft.spec.lists))
    for at, value in zip(draft.pick(3), ("mislaid", "Recorded", "none"), strict=True):
        rule = "CRIME_TYPE_FROM_2013_05" if draft.is_slice else f"{column.upper()}_UNKNOWN"
        draft.spoil(at, rule, **{column: value})
    return draft.accepted()


@kind(dated)
def code_with_space(draft: Draft) -> Mutation:
    column = draft.rng.choice(draft.spec.of_type("code"))
    for at, value in zip(draft.pick(3), ("two words", "a\u00a0b", "a\u2003b"), strict=True):
        draft.spoil(at, f"{column.upper()}_TYPE", **{column: value})
    return draft.accepted()


@kind(lambda source: source.personal and source.of_type("code"))
def person_in_a_code(draft: Draft) -> Mutation:
    """A name slipped into a code. It must not travel."""
    column = draft.rng.choice(draft.spec.of_type("code"))
    for at in draft.pick(3):
        draft.spoil(at, f"{column.upper()}_TYPE", **{column: "Zz-Sample Person 1234"})
    return draft.accepted()


@kind(dated)
def key_blank(draft: Draft) -> Mutation:
    for at, value in zip(draft.pick(3), ("", "  ", "\u00a0"), strict=True):
        draft.spoil(at, f"{draft.spec.key.upper()}_MISSING", key=value)
    return draft.accepted()


@kind()
def required_blank(draft: Draft) -> Mutation:
    column = draft.rng.choice([name for name in draft.spec.required if name != "Reported by"])
    for at in draft.pick(3):
        draft.spoil(at, f"{_rule_name(column)}_MISSING", **{column: ""})
    return draft.accepted()


@kind()
def columns_contradict(draft: Draft) -> Mutation:
    values, rule = draft.spec.broken
    for at in draft.pick(3):
        draft.spoil(at, rule, **values)
    return draft.accepted()


@kind(lambda source: source.name in ("crimes", "asb_incidents"))
def half_a_place(draft: Draft) -> Mutation:
    for at, column in zip(draft.pick(2), ("easting", "northing"), strict=True):
        draft.spoil(at, "COORDINATE_HALF", **{"easting": "532000", "northing": "181000", column: ""})
    return draft.accepted()


@kind(lambda source: source.name in ("crimes", "asb_incidents"))
def before_2000(draft: Draft) -> Mutation:
    column = draft.spec.counted_by
    earlier = [name for name in draft.spec.of_type("time") if name != column]
    for at in draft.pick(2):
        values = dict.fromkeys(earlier, "") | {column: "1999-12-31 23:59"}
        draft.spoil(at, f"{column.upper()}_TOO_EARLY", **values)
    return draft.accepted()


@kind(lambda source: source.name in ("crimes", "asb_incidents"))
def after_the_extract(draft: Draft) -> Mutation:
    column = draft.spec.counted_by
    for at in draft.pick(2):
        draft.spoil(at, f"{column.upper().removesuffix('_AT')}_AFTER_EXTRACT", **{column: "2018-12-15 00:00"})
    return draft.accepted()


@kind(has("ward"))
def ward_otherwise(draft: Draft) -> Mutation:
    """Names ignore case, one has two spellings, and what is no ward is not known."""
    spellings = {"ALDGATE": "Aldgate", "Bridge and Bridge Without": "Bridge", "Fleet Street": "", "Mordor": ""}
    for at, (given, read) in zip(draft.pick(4), spellings.items(), strict=True):
        draft.put(at, ward=given)
        draft.read_as(at, ward=read)
    return draft.accepted()


@kind()
def blanks_around_values(draft: Draft) -> Mutation:
    for at in draft.pick(10):
        for column in draft.spec.columns:
            before, after = (draft.rng.choice(("", " ", "\u00a0", "  ")) for _ in range(2))
            draft.given[at][column] = f"{before}{draft.given[at][column]}{after}"
    return draft.accepted()


# ---- text that means something to other programs


@kind(has_text)
def formulas(draft: Draft) -> Mutation:
    return _texts(
        draft, ("=1+1", "+cmd|' /C calc'!A0", "@SUM(1+1)*cmd", '=HYPERLINK("http://example.invalid")', "-2+3")
    )


@kind(has_text)
def markup(draft: Draft) -> Mutation:
    texts = ("<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "</td></table><b>", "{{ 7 * 7 }}", "&lt;b>")
    return _texts(draft, texts)


@kind(has_text)
def statements(draft: Draft) -> Mutation:
    dropped = f"'; drop table raw.{draft.spec.name}; --"
    return _texts(draft, (dropped, "Robert'); delete from ledger.deliveries; --", "' or '1'='1", "$1 ? :x {0}"))


@kind(has_text)
def letters_of_the_world(draft: Draft) -> Mutation:
    return _texts(draft, ("🚓👮🏽‍♀️", "שלום \u202eabc", "e\u0301 Ångström", "東京 ﷽", "ẞ ſ İ ı"))


@kind(has_text)
def long_text(draft: Draft) -> Mutation:
    return _texts(draft, ("long " * 5_000 + "end", "x" * 300_000))


@kind(dated)
def formula_as_key(draft: Draft) -> Mutation:
    """A key is a code, and most may be any."""
    for at, value in zip(draft.pick(3), ("=1+1", "';--", "<b>"), strict=True):
        if draft.spec.name == "crimes":
            draft.spoil(at, "CRIME_NUMBER_FORMAT", key=value)
        else:
            draft.put(at, key=value)
    return draft.accepted()


@kind(has_text)
def control_characters(draft: Draft) -> Mutation:
    for at, mark in zip(draft.pick(4), ("\x07", "\x1b[31m", "\x7f", "\x9f"), strict=True):
        draft.put(at, free=f"Sam{mark}ple")
        draft.read_as(at, free=f"Sam{mark.removeprefix(mark[0])}ple")
    return draft.accepted()


@kind(has_text)
def line_end_in_quotes(draft: Draft) -> Mutation:
    """It is a control character like another, and does not count as a line. What comes after is bad, by its number."""
    first, second, bad = draft.pick(3)
    draft.put(first, free="one\ntwo")
    draft.read_as(first, free="onetwo")
    draft.put(second, free="one\r\n\ttwo")
    draft.read_as(second, free="onetwo")
    draft.spoil(bad, f"{_rule_name(draft.spec.counted_by)}_TYPE", counted_by="some day")
    return draft.accepted()


@kind(has_text)
def quotes_in_values(draft: Draft) -> Mutation:
    """A quote inside an unquoted field is literal, and text after a closing one belongs to the field."""
    one, other = draft.pick(2)
    draft.put(one, free="MARK1")
    draft.read_as(one, free='The "Invented" Arms')
    draft.put(other, free="MARK2")
    draft.read_as(other, free="Sample, Arms")
    text = _file(draft.lines()).replace(b"MARK1", b'The "Invented" Arms').replace(b"MARK2", b'"Sample, "Arms')
    return draft.accepted(text)


# ---- rows that stand twice


@kind(dated)
def identical_copy(draft: Draft) -> Mutation:
    lines = draft.lines()
    at = draft.pick(3)
    return draft.accepted(_file([*lines, *(lines[place + 1] for place in at)]), received=ROWS + 3, copies=True)


@kind(has_personal)
def copy_with_another_person(draft: Draft) -> Mutation:
    """Personal columns are not loaded, and so they are not compared."""
    at = draft.pick(3)
    copies = [draft.given[place] | dict.fromkeys(draft.spec.personal, "Zz-Sample Person 1") for place in at]
    return draft.accepted(plain(draft.header, [*draft.given, *copies]), received=ROWS + 3, copies=True)


@kind(dated)
def differing_copy(draft: Draft) -> Mutation:
    """All copies are quarantined, also one that would be bad alone, and one that is spelled otherwise."""
    column, (one, other) = _other_column(draft)
    copies = []
    for at, value in zip(draft.pick(2), (one, "two words, and more"), strict=True):
        spelled = other if draft.given[at][column] == value else value
        copies.append(draft.given[at] | {column: spelled})
        draft.lose(at, "KEY_REPEATED")
    for place in range(2):
        draft.bad[ROWS + 2 + place] = frozenset({"KEY_REPEATED"})
    return draft.accepted(plain(draft.header, [*draft.given, *copies]), received=ROWS + 2)


@kind(lambda source: not dated(source))
def identifier_again(draft: Draft) -> Mutation:
    """The last row of a crime wins; rows of anti-social behaviour are separate incidents."""
    (at,) = draft.pick()
    later = draft.given[at] | {"Last outcome category": "Local resolution"}
    incident = draft.given[-1]
    assert not incident["Crime ID"]
    draft.read_as(at, **{"Last outcome category": "Local resolution"})
    path = draft.path()
    rows = [row for row in draft.worth if row is not None]
    content = plain(draft.header, [*draft.given, later, incident])
    implied = {path: plain(draft.header, [*rows, incident])}
    ended = draft.ends({path: content}, implied, {path: Fate(ROWS + 2)}, copies=True)
    return _touching(ended, draft, [draft.clean[at], incident])


# ---- police.uk


@kind(lambda source: not dated(source))
def identifier_malformed(draft: Draft) -> Mutation:
    first = draft.given[0]["Crime ID"]
    for at, value in zip(draft.pick(3), (first.upper() + "A", first[:-1], "x" * 64), strict=True):
        draft.spoil(at, "CRIME_ID_FORMAT", key=value)
    return draft.accepted()


@kind(lambda source: not dated(source))
def row_of_another_force(draft: Draft) -> Mutation:
    for at in draft.pick(3):
        draft.spoil(at, "FORCE_NOT_OF_FILE", **{"Reported by": "Example Constabulary"})
    return draft.accepted()


@kind(lambda source: not dated(source))
def place_warned(draft: Draft) -> Mutation:
    """Half a place, one outside the United Kingdom, one that is no number, a malformed LSOA: not known."""
    given = [{"Longitude": ""}, {"Latitude": "12.5"}, {"Latitude": "north"}, {"LSOA code": "E01-SAMPLE"}]
    placed = [at for at in range(ROWS - 5) if draft.given[at]["Longitude"]]
    for at, values in zip(sorted(draft.rng.sample(placed, 4)), given, strict=True):
        draft.put(at, **values)
        lost = ["LSOA code"] if "LSOA code" in values else ["Longitude", "Latitude"]
        draft.read_as(at, **dict.fromkeys(lost, ""))
    return draft.accepted()


# ---- how much is bad


@kind()
def share_at_the_limit(draft: Draft) -> Mutation:
    """10 of 50 rows are 20 %, and not over it."""
    for at in draft.pick(10):
        draft.spoil(at, f"{_rule_name(draft.spec.counted_by)}_TYPE", counted_by="some day")
    return draft.accepted()


@kind()
def share_over_the_limit(draft: Draft) -> Mutation:
    """Malformed lines count too."""
    for at in draft.pick(11):
        draft.given[at][draft.spec.counted_by] = "some day"
    lines = draft.lines()
    if draft.rng.random() < 0.5:
        lines = [line + "," if "some day" in line else line for line in lines]
    return draft.rejected(_file(lines), "TOO_MANY_BAD_ROWS", received=ROWS)


@kind()
def share_of_few(draft: Draft) -> Mutation:
    """9 of 20 rows are over the share, and too few to reject a file."""
    for at in sorted(draft.rng.sample(range(20), 9)):
        draft.spoil(at, f"{_rule_name(draft.spec.counted_by)}_TYPE", counted_by="some day")
    for at in range(20, ROWS):
        draft.worth[at] = None
    return draft.accepted(plain(draft.header, draft.given[:20]), received=20)


# ---- names and extracts


@kind(dated)
def name_without_date(draft: Draft) -> Mutation:
    more = draft.rng.choice(("", "_2018-12", "_2018-02-30", "_20181214", "_latest"))
    return draft.rejected(None, "NAME_DATE", path=f"{draft.spec.name}{more}.csv")


@kind(dated)
def name_with_no_revision(draft: Draft) -> Mutation:
    more = draft.rng.choice(("_r0", "_r1", "_rX", " (1)", "_r02", "_final"))
    return draft.rejected(None, "NAME_REVISION", path=draft.path(more=more))


@kind()
def name_in_capitals(draft: Draft) -> Mutation:
    folder, _, name = draft.path().rpartition("/")
    return draft.accepted(path=f"{folder}/{name.upper()}".lstrip("/"))


@kind(lambda source: not dated(source))
def name_of_no_month(draft: Draft) -> Mutation:
    return draft.rejected(None, "NAME_DATE", path=f"2018-11/2018-13-{slug(draft.force)}-street.csv")


@kind(dated)
def extract_of_the_future(draft: Draft) -> Mutation:
    return draft.rejected(None, "EXTRACT_IN_FUTURE", path=draft.path(day=TODAY + timedelta(days=1)))


@kind()
def unfinished_name(draft: Draft) -> Mutation:
    folder, _, name = draft.path().rpartition("/")
    name = draft.rng.choice((f"{name}.part", f"{name}.tmp", f"~{name}", f".{name}", f"{name}.filepart"))
    return draft.ends({f"{folder}/{name}".lstrip("/"): _file(draft.lines())}, {}, {}, extra=range(ROWS))


@kind()
def delivered_twice(draft: Draft) -> Mutation:
    """The same bytes in another place are no other delivery."""
    content = _file(draft.lines())
    again = draft.path(folder="again/")
    path = draft.path()
    # The first path in byte order stands.
    return draft.ends({path: content, again: content}, {path: content}, {min(path, again): Fate(ROWS)})


@kind()
def conflicting_extract(draft: Draft) -> Mutation:
    """Other content for the same extract: the first path in byte order stands."""
    stands, falls = sorted((draft.path(), draft.path(folder="zz-other/")))
    content = _file(draft.lines())
    mutated = {stands: content, falls: _file(draft.lines()[:-3])}
    fates = {stands: Fate(ROWS), falls: Fate(ROWS - 3, reasons=("EXTRACT_CONFLICT",))}
    return draft.ends(mutated, {draft.path(): content}, fates)


@kind(dated)
def corrected_extract(draft: Draft) -> Mutation:
    """A higher revision replaces the lower completely: also with rows that only the lower had."""
    for at in draft.pick(5):
        draft.worth[at] = None
    rows = [row for row in draft.worth if row is not None]
    path, corrected = draft.path(), draft.path(more=f"_r{draft.rng.choice((2, 3, 12))}")
    mutated = {path: plain(draft.header, draft.given), corrected: plain(draft.header, rows)}
    fates = {path: Fate(ROWS), corrected: Fate(len(rows))}
    return draft.ends(mutated, {path: plain(draft.header, rows)}, fates, copies=True)


@kind(dated)
def rejected_correction(draft: Draft) -> Mutation:
    """A rejected revision replaces nothing."""
    header = [name for name in draft.header if name != draft.spec.required[-1]]
    also = {draft.path(): _file(draft.lines())}
    path = draft.path(more="_r2")
    return draft.rejected(plain(header, draft.given), "COLUMN_MISSING", path=path, also=also)


def _touching(ended: Mutation, draft: Draft, rows: Sequence[Row]) -> Mutation:
    keys = {row[draft.spec.key] for row in rows}
    months = {month for row in rows if (month := month_of(row[draft.spec.counted_by]))}
    return replace(ended, touched=ended.touched | keys, months=ended.months | months)


def _rule_name(column: str) -> str:
    return column.upper().replace(" ", "_")


def _file(lines: Sequence[str]) -> bytes:
    return "\n".join([*lines, ""]).encode()


def _widened(lines: Sequence[str], header: str, value: str) -> bytes:
    return _file([f"{lines[0]},{header}", *(f"{line},{value}" for line in lines[1:])])


def _texts(draft: Draft, texts: Sequence[str]) -> Mutation:
    for at, text in zip(draft.pick(len(texts)), texts, strict=True):
        draft.put(at, free=text)
        draft.verbatim.append(text)
    return draft.accepted()


def _other_column(draft: Draft) -> tuple[str, Sequence[str]]:
    """A column that is not required, and two values for it."""
    if draft.spec.free:
        return draft.spec.free, ("Example Lane", "Sampling Lane")
    column = next(name for name in draft.spec.lists if name not in draft.spec.required)
    return column, draft.spec.lists[column]


def _respelled(draft: Draft, type_: str, spell: Callable[[datetime, Random], str]) -> Mutation:
    for at in draft.pick(20):
        for column in draft.spec.of_type(type_):
            if text := draft.given[at][column]:
                draft.given[at][column] = spell(datetime.fromisoformat(text), draft.rng)
    return draft.accepted()


def _workbook(header: Sequence[str], rows: Sequence[Row]) -> bytes:
    book, file = openpyxl.Workbook(), io.BytesIO()
    for record in (list(header), *([row[name] or None for name in header] for row in rows)):
        book.worksheets[0].append(record)
    book.save(file)
    return file.getvalue()


def _parquet(header: Sequence[str], rows: Sequence[Row]) -> bytes:
    with TemporaryDirectory() as folder:
        text, parquet = Path(folder, "file.csv"), Path(folder, "file.parquet")
        text.write_bytes(plain(header, rows))
        duckdb.sql(f"copy (from read_csv('{text}', all_varchar = true)) to '{parquet}' (format parquet)")
        return parquet.read_bytes()
