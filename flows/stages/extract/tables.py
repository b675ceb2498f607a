"""The scratch file's tables, and how text gets into them.

What is relied on was tried on DuckDB 2.0.0:

* with `ignore_errors` it drops a record that has the wrong number of fields, so rows are counted per file and compared
  with the lines that were counted before. (`store_rejects` would name the line, and keep the raw text of it.)
* one empty field too many at the end of a line is not an error to it: odd lines are kept from it
* it keeps the order of files and lines, also with several threads, so that record numbers follow from `rowid`
* a line of more than 2 MB is dropped, unless `max_line_size` allows it
* the texts of its errors quote the data, so none is passed on
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import duckdb
import numpy as np
from python_calamine import CalamineSheet

from flows.contracts import Column, Contract
from flows.errors import SaferCityError
from flows.stages.extract import parquet
from flows.stages.extract.archive import expands_too_far
from flows.stages.extract.arrival import Arrival, Problem, printable
from flows.stages.extract.content import Content
from flows.stages.extract.drift import HeaderDrift
from flows.stages.extract.header import Header
from flows.stages.extract.pseudonym import Pseudonyms
from flows.stages.extract.records import MAX_FIELD_CHARACTERS, TOO_LONG, Rewritten

_CSV = "delim = ',', quote = '\"', escape = '\"', header = false, auto_detect = false"


@dataclass
class Text:
    """One delivery on its way into the tables. `received` counts its records, malformed ones too.

    `sheet` is that of a workbook, while it is held in memory.
    """

    file_id: int
    arrival: Arrival
    content: Content
    header: Header | None = None
    drift: tuple[HeaderDrift, ...] = ()
    problem: Problem | None = None
    received: int | None = None
    sheet: CalamineSheet | None = None

    @property
    def is_plain(self) -> bool:
        """Whether DuckDB may read the text without its odd lines: it is tidy.

        A single column is excluded: to DuckDB a blank line is then a record.
        """
        if self.header is None or self.header.width == 1:
            return False
        return self.content.is_tidy and self.content.width == self.header.width

    @property
    def malformed(self) -> list[int]:
        """The numbers of the malformed records of a plain text; the header is 1."""
        return self.content.odd_lines.tolist()

    @property
    def good(self) -> np.ndarray:
        """The numbers of its other records."""
        return np.delete(np.arange(2, self.content.lines + 1), self.content.odd_lines - 2)


class Scratch:
    """The scratch database while it is written. It is left closed, with nothing beside it."""

    def __init__(
        self,
        database: Path,
        contract: Contract,
        *,
        pseudonyms: Pseudonyms | None,
        threads: int | None,
        memory_limit: str | None,
    ) -> None:
        self._columns = contract.loaded_columns
        self._parameters = pseudonyms.parameters if pseudonyms and contract.needs_hmac_key else {}
        self._path = database
        self._rows = 0
        self._connection = duckdb.connect(str(database))
        self._run("set enable_progress_bar = false")
        if threads:
            self._run(f"set threads = {threads}")
        if memory_limit:
            self._run(f"set memory_limit = '{memory_limit}'")
        text_columns = "".join(f", {_quoted(column.name)} varchar" for column in self._columns)
        self._run(
            "create table files (file_id integer, path varchar, member varchar, file_name varchar, size bigint,"
            " force varchar, slice varchar, extract_date date, revision integer, content_hash varchar,"
            " problem_code varchar, problem_message varchar, unknown_columns integer, received bigint)"
        )
        self._run(f"create table received (file_id integer, record_no bigint, row_id bigint{text_columns})")
        self._run("create table malformed (file_id integer, record_no bigint)")
        self._run(
            "create table drift (file_id integer, kind varchar, column_name varchar, found varchar, row_count bigint,"
            " record_no bigint, suggestion varchar)"
        )
        self._text_columns = text_columns
        self.begin_batch()

    def __enter__(self) -> Scratch:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def begin_batch(self) -> None:
        """Forget what is staged."""
        self._run(f"create or replace temp table staged (file_id integer{self._text_columns})")

    @property
    def rows(self) -> int:
        """How many rows `received` has, or has been promised by `reserve`."""
        return self._rows

    def reserve(self, rows: int) -> int:
        """Set aside the next row ids; the first of them."""
        self._rows += rows
        return self._rows - rows

    def stage(self, texts: Sequence[tuple[int, Path]], header: Header) -> None:
        """Read plain texts that share a header; each file is named by its file id. Nothing is read if one fails."""
        fields = [f"f{place}" for place in range(header.width)]
        values = self._values({name: fields[place] for name, place in header.fields})
        try:
            self._connection.execute(
                f"insert into staged select cast(parse_filename(from_file, true) as integer), {values}"
                f" from read_csv($paths, columns = {_columns(fields, 'varchar')}, skip = 1, filename = 'from_file',"
                f" ignore_errors = true, {_CSV})",
                {"paths": [str(path) for _, path in texts], **self._parameters},
            )
        except duckdb.Error:
            # Their rows are then missing from `staged`, and the exact way finds out why.
            return

    def staged(self) -> dict[int, tuple[int, int]]:
        """Per file id: the first rowid among the staged, and how many rows there are."""
        counted = self._run("select file_id, min(rowid), count(*) from staged group by file_id")
        return {file_id: (first, rows) for file_id, first, rows in counted.fetchall()}

    def keep(self, kept: Sequence[tuple[Text, int, int]]) -> None:
        """Move staged texts into `received`, each with its first rowid among the staged and its first row id.

        Their other lines get into `malformed`.
        """
        staged = self._count("staged")
        numbers = {"record_no": np.zeros(staged, np.int64), "row_id": np.zeros(staged, np.int64)}
        for text, first_staged, first_row in kept:
            good = text.good
            place = slice(first_staged, first_staged + len(good))
            numbers["record_no"][place] = good
            numbers["row_id"][place] = np.arange(first_row, first_row + len(good))
        columns = "".join(f", staged.{_quoted(column.name)}" for column in self._columns)
        self._connection.register("numbers", numbers)
        self._run(
            f"insert into received select staged.file_id, numbers.record_no, numbers.row_id{columns}"
            " from staged positional join numbers where numbers.record_no > 0"
        )
        self._connection.unregister("numbers")
        malformed = [(text.file_id, number) for text, _, _ in kept for number in text.malformed]
        if malformed:
            self._run(
                "insert into malformed select unnest($1::integer[]), unnest($2::bigint[])",
                [list(values) for values in zip(*malformed, strict=True)],
            )

    def add_rewritten(self, file_id: int, header: Header, rewritten: Rewritten, good: Path, malformed: Path) -> None:
        """Read what the exact way has written: the good records into `received`, the others into `malformed`."""
        place_of = {name: f"f{place}" for place, (name, _) in enumerate(header.fields)}
        values = self._values(place_of)
        columns = _columns(["record_no", "place"], "bigint") | _columns(list(place_of.values()), "varchar")
        before = self._count("received")
        self._run(
            f"insert into received select $file_id, record_no, $first_row + place, {values}"
            f" from read_csv($path, columns = {columns}, max_line_size = {rewritten.longest}, {_CSV})",
            {"file_id": file_id, "first_row": self.reserve(rewritten.good), "path": str(good), **self._parameters},
        )
        if self._count("received") - before != rewritten.good:
            raise SaferCityError(
                f"{self._path} did not take all records of file {file_id}; this is a fault in the reader"
            )
        if rewritten.malformed:
            self._run(
                "insert into malformed select $file_id, record_no"
                f" from read_csv($path, columns = {_columns(['record_no'], 'bigint')}, {_CSV})",
                {"file_id": file_id, "path": str(malformed)},
            )

    def add_parquet(self, file_id: int, header: Header, path: Path) -> Rewritten | Problem:
        """Read a Parquet file: the good records into `received`, those with a NUL into `malformed`.

        It is first read without being written anywhere, so that a file which cannot be read leaves nothing.
        """
        try:
            source = parquet.as_texts(self._connection, path, header.fields, self._columns)
            found = self._connection.execute(parquet.extent(source, header.fields), {"path": str(path)}).fetchall()[0]
        except duckdb.OutOfMemoryException:
            raise self._failed("OutOfMemoryException") from None
        except duckdb.Error:
            return parquet.UNREADABLE
        good, malformed, longest, size = found
        if longest > MAX_FIELD_CHARACTERS:
            return TOO_LONG
        if expands_too_far(path.stat().st_size, size):
            return parquet.EXPANDS
        values = self._values({name: _quoted(name) for name, _ in header.fields})
        self._run(
            "insert into received select $file_id, record_no,"
            f" $first_row + row_number() over (order by record_no) - 1, {values} from {source} where not is_malformed",
            {"file_id": file_id, "first_row": self.reserve(good), "path": str(path), **self._parameters},
        )
        self._run(
            f"insert into malformed select $file_id, record_no from {source} where is_malformed",
            {"file_id": file_id, "path": str(path)},
        )
        return Rewritten(good, malformed, longest)

    def take_back(self, file_id: int, rows: int) -> None:
        """Remove what was added last: the file has changed in the meantime."""
        for table in ("received", "malformed"):
            self._run(f"delete from {table} where file_id = $1", [file_id])
        self._rows -= rows

    def add_files(self, texts: Sequence[Text]) -> None:
        """Fill the table `files`, and `drift` with what their headers show."""
        rows = [
            (
                text.file_id,
                text.arrival.path,
                text.arrival.member and printable(text.arrival.member),
                text.arrival.file_name,
                text.arrival.file.size,
                text.arrival.force,
                text.arrival.slice,
                text.arrival.extract_date,
                text.arrival.revision,
                text.content.sha256,
                text.problem and text.problem.code,
                text.problem and text.problem.message,
                text.header and text.header.unknown,
                text.received,
            )
            for text in texts
        ]
        types = ("integer", "varchar", "varchar", "varchar", "bigint", "varchar", "varchar", "date", "integer")
        types += ("varchar", "varchar", "varchar", "integer", "bigint")
        lists = ", ".join(f"unnest(${place}::{type_}[])" for place, type_ in enumerate(types, start=1))
        if rows:
            self._run(f"insert into files select {lists}", [list(values) for values in zip(*rows, strict=True)])
        drift = [
            (text.file_id, item.kind, item.column, item.found, item.suggestion) for text in texts for item in text.drift
        ]
        if drift:
            self._run(
                "insert into drift by name select unnest($1::integer[]) as file_id, unnest($2::varchar[]) as kind,"
                " unnest($3::varchar[]) as column_name, unnest($4::varchar[]) as found,"
                " unnest($5::varchar[]) as suggestion",
                [list(values) for values in zip(*drift, strict=True)],
            )

    def _values(self, of_column: dict[str, str]) -> str:
        """SQL for the values of all loaded columns; a reference to a person becomes its pseudonym."""
        return ", ".join(_value(column, of_column.get(column.name, "null")) for column in self._columns)

    def _count(self, table: str) -> int:
        return self._run(f"select count(*) from {table}").fetchall()[0][0]

    def _run(self, sql: str, parameters: object = None) -> duckdb.DuckDBPyConnection:
        try:
            return self._connection.execute(sql, parameters)
        except duckdb.Error as error:
            kind = type(error).__name__
        raise self._failed(kind)

    def _failed(self, kind: str) -> SaferCityError:
        return SaferCityError(
            f"DuckDB failed on {self._path} ({kind}); see that there is disk space and memory left, and run again"
        )


def _value(column: Column, text: str) -> str:
    return Pseudonyms.expression(text) if column.pseudonymised and text != "null" else text


def _columns(names: Sequence[str], type_: str) -> dict[str, str]:
    return dict.fromkeys(names, type_)


def _quoted(name: str) -> str:
    return f'"{name}"'
