"""References to people: replaced by a keyed hash while they are read, in every format, and never without the key."""

import csv
import gzip
import hashlib
import hmac
import io
import logging
from datetime import date
from pathlib import Path
from typing import Any
from unittest.mock import patch

import duckdb
import openpyxl
import pytest

from flows.contracts import Contract
from flows.errors import UsageError
from flows.stages import extract as extract_stage
from flows.stages.extract.pseudonym import Pseudonyms
from tests.faults.sandbox import Sandbox
from tests.faults.things import CONTRACT, HEADER

KEY = "a key that only this test has, of more than sixty-four characters in all"
PERSON = "MARKER-123"
PSEUDONYM = hmac.new(KEY.encode(), PERSON.encode(), hashlib.sha256).hexdigest()

REFERRING = Contract.model_validate(
    CONTRACT
    | {
        "columns": [
            *CONTRACT["columns"],
            {"name": "person_ref", "type": "code", "pseudonymised": True, "description": "Who it was, by reference"},
        ]
    }
)
ROW = ["found", "2019-08-07 10:11", "2019-08-01", "1", "1.5", "Y", "", "One Fictitious", ""]


@pytest.fixture
def sandbox(tmp_path: Path) -> Sandbox:
    return Sandbox(tmp_path, {"hmac_key": KEY}, contracts={"things": REFERRING}, today=date(2019, 8, 31))


def rows(*references: str | None) -> list[list[str | None]]:
    header: list[str | None] = [*HEADER.split(","), "Person Ref"]
    return [header, *([f"T{place}", *ROW, reference] for place, reference in enumerate(references, start=1))]


def text_csv(table: list[list[str | None]], *, untidy: bool = False) -> bytes:
    content = io.StringIO()
    csv.writer(content, quoting=csv.QUOTE_ALL if untidy else csv.QUOTE_MINIMAL).writerows(table)
    # A line end inside quotes is read in the exact way.
    return content.getvalue().replace('"1.5"', '"1.\n5"').encode()


def xlsx(table: list[list[str | None]]) -> bytes:
    book = openpyxl.Workbook()
    for row in table:
        book.worksheets[0].append(row)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def parquet(table: list[list[str | None]], folder: Path) -> bytes:
    (folder / "table.csv").write_bytes(text_csv(table))
    with duckdb.connect() as connection:
        connection.execute(
            f"copy (from read_csv('{folder / 'table.csv'}', all_varchar = true)) to '{folder / 'table.parquet'}'"
        )
    return (folder / "table.parquet").read_bytes()


@pytest.mark.parametrize("key", ["k", "k" * 64, "k" * 65, "schlüssel"])
@pytest.mark.parametrize("text", ["P1", "Zoë", "x" * 1000])
def test_it_is_the_hmac_of_the_standard(key: str, text: str) -> None:
    pseudonyms = Pseudonyms.of(key.encode())
    with duckdb.connect() as connection:
        found = connection.execute(
            f"select {pseudonyms.expression('$text')}, {pseudonyms.expression('null')}",
            {"text": f" {text}\u00a0", **pseudonyms.parameters},
        ).fetchall()
    assert found == [(hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest(), None)]
    assert key not in repr(pseudonyms)


def test_the_same_reference_is_the_same_pseudonym_in_every_format(sandbox: Sandbox) -> None:
    sandbox.folder.mkdir(exist_ok=True)
    table = rows(PERSON, f" {PERSON} ", "", "Another")
    sandbox.deliver(
        {
            "things_2019-08-01.csv": text_csv(table),
            "things_2019-08-02.csv": text_csv(table, untidy=True),
            "things_2019-08-03.csv.gz": gzip.compress(text_csv(table)),
            "things_2019-08-04.xlsx": xlsx(table),
            "things_2019-08-05.parquet": parquet(table, sandbox.folder),
        }
    )
    summary = sandbox.load()
    assert [(file.reason_code, file.accepted) for file in summary.files] == [(None, 4)] * 5
    other = hmac.new(KEY.encode(), b"Another", hashlib.sha256).hexdigest()
    found = sandbox.warehouse(
        "select extract_date, list(person_ref order by record_no) from raw.things join ledger.deliveries"
        " using (delivery_id) group by all order by all"
    )
    assert found == [(date(2019, 8, day), [PSEUDONYM, PSEUDONYM, None, other]) for day in range(1, 6)]


def test_neither_reference_nor_key_is_anywhere(sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    """Nor in a quarantined row, a scratch file, a log of everything, or what the run tells."""
    table = rows(PERSON, PERSON, PERSON)
    table[1][1] = "nothing that a thing can be"
    sandbox.deliver({"things_2019-08-01.csv": text_csv(table), "things_2019-08-02.csv": text_csv(table, untidy=True)})
    seen: list[bytes] = []
    validate = extract_stage.extract

    def spying(*args: Any, **how: Any) -> Any:
        extracted = validate(*args, **how)
        seen.extend(path.read_bytes() for path in extracted.database.parent.rglob("*") if path.is_file())
        return extracted

    with caplog.at_level(logging.DEBUG), patch.object(extract_stage, "extract", spying):
        summary = sandbox.load()
    assert [file.quarantined for file in summary.files] == [1, 1]
    ((kept,),) = sandbox.warehouse("select distinct record['person_ref'] from quarantine.rows")
    assert kept == PSEUDONYM
    seen += [path.read_bytes() for path in sandbox.data.rglob("*") if path.is_file()]
    seen += [caplog.text.encode(), repr(summary).encode(), repr(sandbox.artifacts).encode()]
    assert len(seen) > 4
    assert not any(PERSON.encode() in content or KEY.encode() in content for content in seen)


def test_without_a_key_nothing_is_read_and_the_run_says_what_to_do(sandbox: Sandbox) -> None:
    sandbox.given = {}
    sandbox.deliver({"things_2019-08-01.csv": text_csv(rows(PERSON))})
    with pytest.raises(UsageError, match=r"things refers to people.*SAFERCITY_HMAC_KEY"):
        sandbox.load()
    assert sandbox.warehouse("select count(*) from ledger.deliveries") == [(0,)]
    assert sandbox.warehouse("select count(*) from ledger.files") == [(0,)]
    sandbox.given = {"hmac_key": KEY}
    assert [file.accepted for file in sandbox.load().files] == [1]


def test_without_a_key_everything_else_is_read(sandbox: Sandbox) -> None:
    """A source that nothing has come of needs no key, nor does a file that is rejected for its name."""
    sandbox.given = {}
    apples = Contract.model_validate(CONTRACT | {"source": "apples"})
    assert sandbox.contracts is not None
    sandbox.contracts = {"apples": apples, **sandbox.contracts}
    table = [row[:-1] for row in rows(PERSON)]
    sandbox.deliver({"apples_2019-08-01.csv": text_csv(table), "things.csv": text_csv(rows(PERSON))})
    found = [(file.source, file.reason_code) for file in sandbox.load().files]
    assert found == [("apples", None), ("things", "NAME_DATE")]
