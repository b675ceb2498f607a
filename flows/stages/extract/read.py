"""From arrivals to the scratch file: what becomes of each delivery of one source."""

from __future__ import annotations

import tempfile
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

from flows.contracts import ColumnType, Contract
from flows.errors import UsageError
from flows.stages.extract import parquet, workbook
from flows.stages.extract.archive import Archives
from flows.stages.extract.arrival import MEMBER_SIGN, Arrival, LandingFile, Problem, printable
from flows.stages.extract.content import Content, expected_bytes, read_content, write_even_lines
from flows.stages.extract.drift import header_drift
from flows.stages.extract.header import COLUMN_MISSING, Header, match_header
from flows.stages.extract.pseudonym import Pseudonyms
from flows.stages.extract.records import Rewritten, read_header, rewrite, text_records
from flows.stages.extract.tables import Scratch, Text

DATABASE = "scratch.duckdb"

_BATCH_BYTES = 64 << 20
_BATCH_FILES = 1000
_AHEAD_BYTES = 128 << 20
_AHEAD_FILES = 256
_READERS = 2

_NO_ROWS = Problem("NO_ROWS", "it has a header and no rows, though it stands for a whole slice; supply it again")


@dataclass
class Extracted:
    """What became of the arrivals of one source.

    `files` is the number of rows in the table `files`, `rejected` of those with a problem, `rows` of the table
    `received`; `repeats` are in no table. `waiting`: paths of what changed while it was read, or was gone; the next
    run finds it again. `looked_at`: the files that were read to the end.
    """

    database: Path
    files: int = 0
    rows: int = 0
    repeats: int = 0
    rejected: int = 0
    waiting: list[str] = field(default_factory=list)
    looked_at: list[LandingFile] = field(default_factory=list)


def extract(
    contract: Contract,
    arrivals: Sequence[Arrival],
    scratch: Path,
    *,
    is_repeat: Callable[[Arrival, str], bool],
    hmac_key: bytes | None = None,
    threads: int | None = None,
    memory_limit: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Extracted:
    """Read the arrivals of one source into `scratch / "scratch.duckdb"`, which is left closed.

    `arrivals` are in byte order of path, as `find` gives them: of two that are the same the first one stands.
    `scratch` is an empty folder; nothing but the database stays in it. Plain copies of compressed files, the only
    things there that can hold personal columns, go as soon as they are read. `is_repeat` says whether the ledger has
    a delivery with this content hash already. `hmac_key` is the key for references to people. `memory_limit` is
    DuckDB's, such as '2GB'. `progress` is told how many arrivals are done, and of how many. The tables:

    * `files`, one row per delivery that is no repeat: path and member as found, `problem_code` and `problem_message`
      where it is rejected, `received`: its records with the malformed ones, NULL where they could not be read,
      `unknown_columns`: NULL where there is no sound header
    * `received`, one row per record that can be read, of deliveries without a problem: `record_no` (the header is 1),
      `row_id` (from 0 without gaps, by file and record), the loaded columns as text; NULL where blank or not in the
      file
    * `malformed`, one row per record whose fields can't be told apart
    * `drift`, one row per difference between a header and the contract, see `drift.py`

    Raises UsageError when the source refers to people and there is no key, SaferCityError when DuckDB fails; the
    message holds nothing of the data.
    """
    require_hmac_key(contract, arrivals, hmac_key)
    pseudonyms = Pseudonyms.of(hmac_key) if hmac_key else None
    extraction = _Extraction(contract, is_repeat, Extracted(scratch / DATABASE))
    with (
        tempfile.TemporaryDirectory(dir=scratch) as work,
        Scratch(
            scratch / DATABASE, contract, pseudonyms=pseudonyms, threads=threads, memory_limit=memory_limit
        ) as tables,
    ):
        batch: list[Text] = []
        for file_id, arrival, content in _contents(arrivals, Path(work)):
            text = extraction.judge(file_id, arrival, content)
            if text:
                batch.append(text)
            else:
                _plain_copy(Path(work), file_id).unlink(missing_ok=True)
            is_full = len(batch) == _BATCH_FILES or sum(text.content.size for text in batch) >= _BATCH_BYTES
            is_full |= text is not None and text.sheet is not None  # one workbook in memory is enough
            if is_full or file_id == len(arrivals):
                extraction.load(batch, tables, Path(work))
                batch = []
            if progress:
                progress(file_id - len(batch), len(arrivals))
        tables.add_files(extraction.texts)
        return extraction.finish(tables.rows)


def require_hmac_key(contract: Contract, arrivals: Sequence[Arrival], hmac_key: bytes | None) -> None:
    """Raises UsageError when some of the arrivals, which are of one source, can't be read without the key."""
    if contract.needs_hmac_key and not hmac_key and any(arrival.problem is None for arrival in arrivals):
        raise UsageError(
            f"{contract.source} refers to people, and there is no key to replace the references by; set"
            " SAFERCITY_HMAC_KEY in the environment (see docs/operating.md) and run again. Nothing was read"
        )


class _Extraction:
    """Decides, delivery by delivery; `texts` are those that get a row in `files`."""

    def __init__(self, contract: Contract, is_repeat: Callable[[Arrival, str], bool], extracted: Extracted) -> None:
        self.texts: list[Text] = []
        self._contract = contract
        self._is_repeat = is_repeat
        self._extracted = extracted
        self._copies: dict[object, list[Arrival]] = {}
        self._looked_at: dict[Path, LandingFile] = {}
        self._changed: set[Path] = set()

    def judge(self, file_id: int, arrival: Arrival, content: Content | None) -> Text | None:
        """The text to load, or None when that is already decided: it waits, is a repeat, or is rejected."""
        if content is None:
            self._wait(arrival)
            return None
        self._looked_at.setdefault(arrival.file.path, arrival.file)
        text = self._with_header(Text(file_id, arrival, content, problem=arrival.problem or content.problem))
        delivery = _identity(text)
        if delivery in self._copies or self._is_repeat(arrival, content.sha256):
            self._copies.setdefault(delivery, []).append(arrival)
            self._extracted.repeats += 1
            return None
        self._copies[delivery] = []
        self.texts.append(text)
        if text.problem:
            text.sheet = None
            self._is_still_there(text)
            return None
        return text

    def load(self, batch: Sequence[Text], tables: Scratch, work: Path) -> None:
        """Put texts into the tables, in order; DuckDB reads the plain ones together, by header."""
        tables.begin_batch()
        plain: dict[Header, list[tuple[int, Path]]] = defaultdict(list)
        for text in batch:
            if text.header and text.is_plain:
                plain[text.header].append((text.file_id, _even(text, work)))
        for header, paths in plain.items():
            tables.stage(paths, header)
        staged = tables.staged()
        kept = []
        for text in batch:
            first_staged, rows = staged.get(text.file_id, (0, 0))
            if text.is_plain and rows + len(text.malformed) == text.content.lines - 1:
                if self._is_still_there(text):
                    text.received = text.content.lines - 1
                    kept.append((text, first_staged, tables.reserve(rows)))
            else:
                self._load_exactly(text, tables, work)
            if text.received == 0 and self._contract.delivery.kind == "slice":
                text.problem = None if self._contract.delivery.empty_allowed else _NO_ROWS
            _plain_copy(work, text.file_id).unlink(missing_ok=True)
            _even_copy(work, text.file_id).unlink(missing_ok=True)
        tables.keep(kept)

    def finish(self, rows: int) -> Extracted:
        """The sums."""
        for text in self.texts:
            if text.problem and text.arrival.file.path in self._looked_at:
                path = text.arrival.file.path
                self._looked_at[path] = replace(self._looked_at[path], unsettled=True)
        self._extracted.files = len(self.texts)
        self._extracted.rejected = sum(text.problem is not None for text in self.texts)
        self._extracted.rows = rows
        self._extracted.looked_at = [file for path, file in self._looked_at.items() if path not in self._changed]
        return self._extracted

    def _with_header(self, text: Text) -> Text:
        if not text.problem:
            names = _header_names(text)
            header = names if isinstance(names, Problem) else match_header(names, self._contract)
            if not isinstance(names, Problem) and (isinstance(header, Header) or header.code == COLUMN_MISSING):
                text.drift = header_drift(names, self._contract)
            if isinstance(header, Header):
                text.header = header
            else:
                text.problem = header
        return text

    def _load_exactly(self, text: Text, tables: Scratch, work: Path) -> None:
        assert text.header is not None
        if text.arrival.format == "parquet":
            self._load_parquet(text, text.header, tables, work)
            return
        good, malformed = work / f"{text.file_id}.good", work / f"{text.file_id}.malformed"
        if text.sheet:
            type_of: dict[str, ColumnType] = {column.name: column.type for column in self._contract.columns}
            records = workbook.records(text.sheet, {place: type_of[name] for name, place in text.header.fields})
        else:
            records = text_records(text.content)
        rewritten = rewrite(records, text.header, good, malformed)
        text.sheet = None
        if self._is_still_there(text):
            if isinstance(rewritten, Rewritten):
                text.received = rewritten.good + rewritten.malformed
                tables.add_rewritten(text.file_id, text.header, rewritten, good, malformed)
            else:
                text.problem = rewritten
        good.unlink()
        malformed.unlink()

    def _load_parquet(self, text: Text, header: Header, tables: Scratch, work: Path) -> None:
        read = tables.add_parquet(text.file_id, header, _linked(text, work))
        if isinstance(read, Rewritten):
            text.received = read.good + read.malformed
            if not self._is_still_there(text):
                tables.take_back(text.file_id, read.good)
        elif self._is_still_there(text):
            text.problem = read

    def _is_still_there(self, text: Text) -> bool:
        """Whether the file is what it was when it was found; otherwise it waits, and its exact copies with it."""
        if text.arrival.file.is_unchanged():
            return True
        self.texts.remove(text)
        copies = self._copies.pop(_identity(text))
        self._extracted.repeats -= len(copies)
        for arrival in (text.arrival, *copies):
            self._wait(arrival)
        return False

    def _wait(self, arrival: Arrival) -> None:
        self._changed.add(arrival.file.path)
        member = f"{MEMBER_SIGN}{printable(arrival.member)}" if arrival.member else ""
        self._extracted.waiting.append(f"{arrival.path}{member}")


def _contents(arrivals: Sequence[Arrival], work: Path) -> Iterator[tuple[int, Arrival, Content | None]]:
    """Each arrival with its content, in order, numbered from 1; some are read ahead while the caller is busy.

    Decompressing and hashing let other threads run, so two readers keep two cores at work.
    """
    archives = Archives()
    pool = ThreadPoolExecutor(_READERS)
    todo = deque(enumerate(arrivals, start=1))
    ahead: deque[tuple[int, Arrival, int, Future[Content | None]]] = deque()
    try:
        while todo or ahead:
            while todo and (not ahead or (len(ahead) < _AHEAD_FILES and sum(a[2] for a in ahead) < _AHEAD_BYTES)):
                file_id, arrival = todo.popleft()
                size = expected_bytes(arrival, archives)
                reading = pool.submit(read_content, arrival, archives, _plain_copy(work, file_id))
                ahead.append((file_id, arrival, size, reading))
            file_id, arrival, _, reading = ahead.popleft()
            yield file_id, arrival, reading.result()
    finally:
        pool.shutdown(cancel_futures=True)
        archives.close()


def _identity(text: Text) -> object:
    """What makes two deliveries of a source the same.

    The name counts where nothing says whose the file is, or of which day: an empty file, or an error page that was
    saved in place of the data, is the same for every force and has to be reported for each.
    """
    arrival, content = text.arrival, text.content
    tells_nothing = text.problem is not None or (content.is_tidy and content.lines == 1)
    is_named_fully = arrival.force is not None and arrival.extract_date is not None
    name = arrival.file_name if tells_nothing and not is_named_fully else None
    return arrival.force, arrival.slice, arrival.extract_date, arrival.revision, content.sha256, name


def _plain_copy(work: Path, file_id: int) -> Path:
    return work / f"{file_id}.csv"


def _even_copy(work: Path, file_id: int) -> Path:
    return work / "even" / f"{file_id}.csv"


def _header_names(text: Text) -> list[str] | Problem:
    """The header of a delivery. The sheet of a workbook is kept, so that it is parsed once."""
    if text.arrival.format == "csv":
        return read_header(text.content)
    if text.arrival.format == "parquet":
        return parquet.read_header(text.content.plain)
    sheet = workbook.open_sheet(text.content.plain)
    if isinstance(sheet, Problem):
        return sheet
    text.sheet = sheet
    return workbook.read_header(sheet)


def _even(text: Text, work: Path) -> Path:
    """The text without its odd lines; where it has some, in a copy that holds loaded columns only.

    The copy is empty where the text cannot be read; the exact way finds out why.
    """
    if not text.malformed:
        return _linked(text, work)
    assert text.header is not None
    loaded = {place for _, place in text.header.fields}
    copy = _even_copy(work, text.file_id)
    copy.parent.mkdir(exist_ok=True)
    try:
        write_even_lines(text.content, copy, [place for place in range(text.header.width) if place not in loaded])
    except OSError:
        copy.write_bytes(b"")
    return copy


def _linked(text: Text, work: Path) -> Path:
    """The text under a name that says its file id, and that holds nothing DuckDB takes for a pattern."""
    path = _plain_copy(work, text.file_id)
    if text.content.plain != path:
        path.symlink_to(text.content.plain)
    return path
