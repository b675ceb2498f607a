"""The two ways of reading CSV give the same rows, and both give what the fine print says."""

from __future__ import annotations

import csv
import tempfile
from datetime import date
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flows.contracts import Column, Contract, Delivery
from flows.stages.extract import Arrival, LandingFile, extract
from flows.stages.extract.tables import Text
from flows.stages.extract.tidy import Lines

CONTRACT = Contract(
    source="events",
    system="desk",
    title="Events of a made-up desk",
    record_source="force",
    description="One row per event of a made-up desk.",
    owner="Nobody in particular",
    cadence="daily",
    delivery=Delivery(kind="changes", naming="dated"),
    key=("a",),
    columns=tuple(Column(name=name, type="text", description=f"Column {name} of the test") for name in "abc"),
)
HEADER = "a,b,c"
CONTROL = {chr(code) for code in (*range(0x20), *range(0x7F, 0xA0))}

Records = tuple[list[tuple[int, tuple[str | None, ...]]], list[int]]


def by_the_fine_print(text: str, width: int) -> Records | None:
    """Good records and numbers of malformed ones, read character by character; None when a quote stays open."""
    records = _records(text)
    if records is None:
        return None
    good: list[tuple[int, tuple[str | None, ...]]] = []
    malformed: list[int] = []
    for number, fields in enumerate(records, start=1):
        if len(fields) != width or any("\0" in field for field in fields):
            malformed.append(number)
        else:
            kept = ("".join(c for c in field if c not in CONTROL) or None for field in fields)
            good.append((number, tuple(kept)))
    return good[1:], malformed


def _records(text: str) -> list[list[str]] | None:
    records: list[list[str]] = []
    fields: list[str] = []
    field, state, is_empty = "", "start", True
    text = text.replace("\r\n", "\n")
    for character in text + "\n":
        if state == "quoted":
            field, state = (field, "quote in quoted") if character == '"' else (field + character, state)
        elif character in "\n\r":
            fields.append(field)
            if not is_empty and not (len(fields) == 1 and _is_white(field)):
                records.append(fields)
            fields, field, state, is_empty = [], "", "start", True
        else:
            is_empty = False
            if character == ",":
                fields.append(field)
                field, state = "", "start"
            elif character == '"' and state in ("start", "quote in quoted"):
                field, state = field + '"' * (state != "start"), "quoted"
            else:
                field, state = field + character, "plain"
    return None if state == "quoted" else records


def _is_white(field: str) -> bool:
    return bool(field) and "\0" not in field and set(field) <= CONTROL | set(" \u00a0")


def read(texts: list[bytes], *, threads: int = 2) -> list[Records | str]:
    """What `extract` makes of texts: per text its records, or the code of the problem."""
    with tempfile.TemporaryDirectory() as folder:
        arrivals = []
        for place, text in enumerate(texts):
            path = Path(folder) / f"{place:04d}.csv"
            path.write_bytes(text)
            day = date.fromordinal(730000 + place)
            arrivals.append(Arrival(LandingFile.at(path), None, "events", path.name, "Here", None, day, 1, None))
        scratch = Path(folder) / "scratch"
        scratch.mkdir()
        extracted = extract(CONTRACT, arrivals, scratch, is_repeat=lambda *_: False, threads=threads)
        with duckdb.connect(str(extracted.database), read_only=True) as connection:
            problems = dict(connection.execute("select file_id, problem_code from files").fetchall())
            rows = connection.execute(
                "select file_id, record_no, row_id, a, b, c from received order by row_id"
            ).fetchall()
            malformed = connection.execute("select file_id, record_no from malformed order by all").fetchall()
            counts = dict(connection.execute("select file_id, received from files").fetchall())
    assert [row[2] for row in rows] == list(range(len(rows)))
    assert [row[:2] for row in rows] == sorted(row[:2] for row in rows)
    result: list[Records | str] = []
    for file_id in range(1, len(texts) + 1):
        of_file = ([(r[1], r[3:]) for r in rows if r[0] == file_id], [m[1] for m in malformed if m[0] == file_id])
        assert problems[file_id] or counts[file_id] == len(of_file[0]) + len(of_file[1])
        result.append(problems[file_id] or of_file)
    return result


def assert_both_ways(texts: list[str]) -> int:
    """Read each text twice, the second time the exact way; compare. How many of them went the fast way."""
    encoded = [text.encode() for text in texts]
    expected = [by_the_fine_print(text.removeprefix("\ufeff"), 3) or "QUOTE_UNCLOSED" for text in texts]
    fast: set[int] = set()
    plainly = Text.is_plain.fget
    assert plainly is not None

    def is_plain(text: Text) -> bool:
        if text.file_id > len(texts) or not plainly(text):
            return False
        fast.add(text.file_id)
        return True

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Text, "is_plain", property(is_plain))
        assert read(encoded * 2) == expected * 2
    return len(fast)


CELLS = st.text(st.sampled_from("ab1é£ \u00a0,\"\n\r\t\0\x07\x85;'"), max_size=6)


@st.composite
def csv_texts(draw: st.DrawFn) -> str:
    """A table written in odd ways that are all allowed, with lines of too few or too many fields among them."""
    ends = draw(st.sampled_from([["\n"], ["\r\n"], ["\r"], ["\n", "\r\n", "\r"]]))
    odd_lines = draw(st.sampled_from([[], ["", " ", "\t", " \u00a0"]]))
    plain = draw(st.booleans())
    lines = [HEADER]
    for cells in draw(st.lists(st.lists(CELLS, min_size=3, max_size=3), max_size=6)):
        width = 3 if plain else draw(st.sampled_from([3, 3, 3, 3, 2, 4, 5]))
        lines.append(",".join(draw(written(cell, plain)) for cell in (*cells, "", "x")[:width]))
        if odd_lines and draw(st.booleans()):
            lines.append(draw(st.sampled_from(odd_lines)))
    text = "".join(line + draw(st.sampled_from(ends)) for line in lines)
    text = draw(st.sampled_from(["", "\ufeff"])) + text
    return text.rstrip("\r\n") if draw(st.booleans()) and '"' not in lines[-1] else text


@st.composite
def written(draw: st.DrawFn, cell: str, plain: bool) -> str:
    """A cell as CSV may hold it: quoted, or bare where it can be; not plain: with text after the closing quote."""
    if plain:
        cell = "".join(c for c in cell if c not in CONTROL)
    quoted = '"' + cell.replace('"', '""') + '"'
    if any(c in cell for c in ",\n\r") or cell.startswith('"') or (plain and '"' in cell):
        return quoted
    choices = [cell, quoted] if plain else [cell, quoted, f"{quoted}x", f" {cell}"]
    return draw(st.sampled_from(choices))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(csv_texts(), min_size=1, max_size=12))
def test_tables_written_in_odd_ways(texts: list[str]) -> None:
    assert_both_ways(texts)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.text(st.sampled_from('aé,,"\n\n\r ')), min_size=1, max_size=30))
def test_any_characters_at_all(tails: list[str]) -> None:
    assert_both_ways([f"{HEADER}\n{tail}" for tail in tails])


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.lists(CELLS, min_size=1, max_size=4), min_size=1, max_size=8).flatmap(
        lambda rows: st.tuples(*(st.tuples(*(written(cell, True) for cell in row)) for row in rows))
    ),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
    st.sets(st.integers(0, 2)),
)
def test_even_lines_without_what_is_dropped(
    rows: tuple[tuple[str, ...], ...], end: str, is_ended: bool, dropped: set[int]
) -> None:
    lines = [",".join(row) or '""' for row in rows]
    text = end.join(lines) + end * is_ended
    expected = [
        [("" if place in dropped else cell) for place, cell in enumerate(row)]
        for row in csv.reader(lines)
        if len(row) == 3
    ]
    even = Lines(text.encode()).even(3, sorted(dropped)).decode()
    assert list(csv.reader(even.splitlines())) == expected
    assert even.endswith(end) or not is_ended or not expected


@pytest.mark.parametrize(
    "text",
    [
        "a,b,c\n1,2,3\n",
        "a,b,c\r\n1,2,3\r\n4,5,6",
        '"a","b","c"\n"1","2,2","say ""x"""\n"","",""\n',
        '\ufeff"a","b","c"\n1,2,3\n',
        "\ufeffa,b,c\né,£,\u2028\n",
        "a,b,c\n",
        "a,b,c",
        "a,b,c\n,,\n , , \n#1,\\N,NULL\n\\,',;\n",
        # Odd lines are kept from DuckDB, to which one empty field too many is no error.
        "a,b,c\n1,2,3,\n4,5,6\n",
        "a,b,c\n1,2\n4,5,6\n",
        '\ufeffa,b,c\n1,2,3\n4,"5,6"\n7,"é,",9\n',
        "a,b,c\r\n1,2,3,4\r\n4,5,6\r\n1,2",
        "a,b,c\n1,2,3,\n4,5\n7,8,9\n",
        "a,b,c\n1\n2,3\n",
        "a,b,c\n1,2\x00,3\n4,5,6\n\x00\n",
    ],
)
def test_plain_text_goes_the_fast_way(text: str) -> None:
    assert assert_both_ways([text]) == 1


@pytest.mark.parametrize(
    "text",
    [
        'a,b,c\n1, "2",3\n',  # DuckDB drops the space
        'a,b,c\n1,"2" ,3\n',
        'a,b,c\n1,"2"x,3\n',
        'a,b,c\n1,x"y"z,3\n',
        'a,b,c\n1,"x\ny",3\n',
        'a,b,c\n1,"x\r\n\r\ny",3\n',
        "a,b,c\n1,2,3\r\n4,5,6\n",  # mixed line ends are an error to DuckDB
        "a,b,c\r1,2,3\r4,5,6\r",
        "a,b,c\n1,2\r,3\n",
        "a,b,c\n\n1,2,3\n\n\n",
        "a,b,c\r\n\r\n1,2,3\r\n",
        "\n \na,b,c\n1,2,3\n",
        "a,b,c\n   \n1,2,3\n\x1a",
        'a,b,c\n1,"2"\x00,3\n',
        'a,b,c\n"  "\n1,2,3\n',
        "a,b,c\n1,2\x01\t\x85,3\n",
        'a,b,c\n1,"2,3\n4,5,6\n',
        'a,b,c\n1,2,"3',
        'a,b,c\n""\n',
    ],
)
def test_what_is_not_plain_goes_the_exact_way(text: str) -> None:
    assert assert_both_ways([text]) == 0


def test_odd_lines_of_text_that_is_no_utf_8() -> None:
    assert read([f"{HEADER}\n1,2,3\n\xe9\n\xe9,5,6\n".encode("cp1252")]) == [
        ([(2, ("1", "2", "3")), (4, ("é", "5", "6"))], [3])
    ]


def test_odd_lines_of_a_large_file() -> None:
    lines = [f'{number},"{"x," * (number % 40)}",3{",4" * (number % 97 == 0)}' for number in range(150_000)]
    (records,) = read(["\n".join([HEADER, *lines]).encode()], threads=4)
    good, malformed = records
    assert malformed == list(range(2, 150_002, 97))
    assert [(number, row[0]) for number, row in good] == [(n + 2, str(n)) for n in range(150_000) if n % 97]


def test_a_large_file_keeps_the_order_of_its_records() -> None:
    lines = [f'"{number}","{"x," * (number % 40)}",""""' for number in range(150_000)]
    (records,) = read(["\r\n".join([HEADER, *lines]).encode()], threads=4)
    good, malformed = records
    assert not malformed
    assert [(number, row[0]) for number, row in good] == [(n + 2, str(n)) for n in range(150_000)]


@pytest.mark.parametrize("megabytes", [3, 16])
def test_a_long_field_is_read(megabytes: int) -> None:
    long = "é" + "x" * (megabytes * (1 << 20) - 2) + '"'
    quoted = long.replace('"', '""')
    # DuckDB drops a line of more than 2 MB, and so the file goes the exact way.
    for text in (f"{HEADER}\n1,{long},3\n4,5,6\n", f'{HEADER}\n1,"{quoted}",3\n4,5,6\n'):
        assert read([text.encode()]) == [([(2, ("1", long, "3")), (3, ("4", "5", "6"))], [])]


def test_a_field_beyond_16_mb_rejects_the_file() -> None:
    too_long = "x" * ((16 << 20) + 1)
    assert read([f"{HEADER}\n1,{too_long},3\n".encode()]) == ["FIELD_TOO_LONG"]


def test_a_line_beyond_64_mb_rejects_the_file() -> None:
    assert read([f"{HEADER}\n".encode() + b"1,2,3," * (12 << 20)]) == ["FIELD_TOO_LONG"]
