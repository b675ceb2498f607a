"""The text of a source's deliveries, put into a scratch DuckDB file.

Tidy text is read by DuckDB, many files at a time; everything else goes the exact way (`records`). Both give the same
rows. What is said of DuckDB here was tried on 2.0.0:

* with `ignore_errors` it drops a record that has the wrong number of fields. So its rows are counted per file and
  compared with the lines of the tidy text; a file with a difference goes the exact way. (`store_rejects` would tell
  which line it was, and would keep the raw line in a table.)
* it accepts one empty field too many. So the commas of the file are counted too.
* it keeps the order of files and lines, also when several threads read; so a record's number follows from `rowid`.
* lines of more than 2 MB are dropped unless `max_line_size` allows them: they go the exact way.
* the texts of its errors quote the data, so none is passed on.
"""

from __future__ import annotations

import shutil
import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

import duckdb

from flows.contracts import Contract
from flows.errors import SaferCityError
from flows.stages.extract.archive import Archives
from flows.stages.extract.arrival import MEMBER_SIGN, Arrival, LandingFile, Problem
from flows.stages.extract.content import Content, expected_bytes, read_content
from flows.stages.extract.header import Header, match_header
from flows.stages.extract.records import read_header, rewrite

DATABASE = "scratch.duckdb"

_BATCH_BYTES = 64 << 20
_AHEAD_BYTES = 64 << 20
_AHEAD_FILES = 256
_READERS = 2
_CSV = "header = false, delim = ',', quote = '\"', escape = '\"', auto_detect = false"

_NO_ROWS = Problem("NO_ROWS", "it has a header and no rows, and must hold the whole of its slice; supply it again")


@dataclass
class Extracted:
    """What became of the arrivals of one source.

    `files` counts rows of the table `files`, `rejected` those of them with a problem, `rows` the rows of `received`;
    `repeats` are in no table. `waiting`: paths of deliveries that changed while they were read. `looked_at`: the
    files that were read to their end.
    """

    database: Path
    files: int = 0
    rows: int = 0
    repeats: int = 0
    rejected: int = 0
    waiting: list[str] = field(default_factory=list)
    looked_at: list[LandingFile] = field(default_factory=list)


@dataclass
class _Text:
    """One delivery on its way into the tables. `received` counts its records, malformed ones too."""

    file_id: int
    arrival: Arrival
    content: Content
    header: Header | None = None
    problem: Problem | None = None
    received: int | None = None

    @property
    def is_fast(self) -> bool:
        """Whether DuckDB may read the text: it is tidy, and has as many commas as its lines should have."""
        header, content = self.header, self.content
        return (
            header is not None
            and content.is_tidy
            and header.width > 1
            and content.commas == content.lines * (header.width - 1)
        )


def extract(
    contract: Contract,
    arrivals: Sequence[Arrival],
    scratch: Path,
    *,
    is_repeat: Callable[[Arrival, str], bool],
    threads: int | None = None,
    memory_limit: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Extracted:
    """Read a source's arrivals, in the order given (byte order of paths), into `scratch / "scratch.duckdb"`.

    `scratch` is an empty folder; nothing but the database is left in it, and personal columns reach it only inside
    plain copies of compressed files, which are gone as soon as they are read. `is_repeat` tells whether a delivery
    with this content hash is in the ledger already. `memory_limit` is DuckDB's (such as '2GB'); `progress` is called
    with the number of arrivals done and of all. Tables:

    * `files`: one row per delivery that is no repeat; `path` and `member` as found; `received` counts its records,
      NULL when they could not be read; `problem_code` and `problem_message` when it is rejected;
      `unknown_columns` NULL when there is no sound header
    * `received`: one row per record of a delivery without a problem: file_id, record_no (the header is 1), row_id
      (dense from 0, in the order of files and records), and the loaded columns as text; blank is NULL, and so is a
      column the file does not have
    * `malformed`: file_id and record_no of each record whose fields can't be told apart

    Raises SaferCityError when DuckDB fails; the message holds no data.
    """
    extracted = Extracted(scratch / DATABASE)
    work = Path(tempfile.mkdtemp(dir=scratch))
    try:
        with _Tables(contract, extracted.database, work, threads, memory_limit) as tables:
            _Extraction(contract, is_repeat, extracted, tables, work).run(arrivals, progress or (lambda *_: None))
    finally:
        shutil.rmtree(work)
    return extracted


class _Extraction:
    """One run of `extract`: decides what becomes of each arrival, in order."""

    def __init__(
        self,
        contract: Contract,
        is_repeat: Callable[[Arrival, str], bool],
        extracted: Extracted,
        tables: _Tables,
        work: Path,
    ) -> None:
        self._contract = contract
        self._is_repeat = is_repeat
        self._extracted = extracted
        self._tables = tables
        self._work = work
        self._seen: set[tuple[object, ...]] = set()
        self._looked_at: dict[Path, LandingFile] = {}

    def run(self, arrivals: Sequence[Arrival], progress: Callable[[int, int], None]) -> None:
        batch: list[_Text] = []
        done = size = 0
        for file_id, (arrival, content) in enumerate(_contents(arrivals, self._work), start=1):
            text = self._judge(file_id, arrival, content)
            if text:
                batch.append(text)
                size += text.content.size
            if size >= _BATCH_BYTES or file_id == len(arrivals):
                self._load(batch)
                batch, size, done = [], 0, file_id
            progress(done, len(arrivals))
        waiting = set(self._extracted.waiting)
        self._extracted.looked_at = [file for file in self._looked_at.values() if str(file.path) not in waiting]
