"""The log of what runs do: a line at the begin and end of each stage, with counts and without a value."""

import json
import logging
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from flows import clock, logs
from flows.sample import PERSONAL_MARKERS, TEST_HMAC_KEY
from flows.settings import Paths
from flows.stages import load
from tests.faults import crimes, street
from tests.faults.sandbox import Sandbox


def lines(paths: Paths) -> list[dict[str, Any]]:
    """The lines of the log."""
    return [json.loads(line) for line in logs.file(paths).read_text(encoding="utf-8").splitlines()]


def test_each_stage_of_a_load(sandbox: Sandbox) -> None:
    sandbox.given = {"hmac_key": TEST_HMAC_KEY}
    sandbox.deliver(crimes.first_extracts() | street.street("2019-01", street.rows("2019-01", 3)))
    run_id = sandbox.load().run_id
    found = lines(sandbox.paths)
    assert {line["run_id"] for line in found} == {run_id}
    assert {line["level"] for line in found} == {"info"}
    assert [(line["stage"], line.get("source"), line["event"]) for line in found] == [
        ("run", None, "begun"),
        ("look", None, "begun"),
        ("look", None, "ended"),
        *[
            (stage, source, event)
            for source in ("crimes", "police_uk_street")
            for stage in ("extract", "validate", "load")
            for event in ("begun", "ended")
        ],
        ("notify", None, "begun"),
        ("notify", None, "ended"),
        ("run", None, "ended"),
    ]
    ended = {(line["stage"], line.get("source")): line for line in found if line["event"] == "ended"}
    assert ended["look", None]["counts"] == {"arrivals": 4, "unmatched": 0, "waiting": 0}
    [(accepted, quarantined)] = sandbox.warehouse(
        "select sum(accepted)::bigint, sum(quarantined)::bigint from ledger.deliveries where source = 'crimes'"
    )
    assert ended["load", "crimes"]["counts"] == {
        "files": 3, "accepted": accepted, "quarantined": quarantined, "rejected_files": 1
    }  # fmt: skip
    assert all(line["seconds"] >= 0 for line in ended.values())
    assert all(datetime.fromisoformat(line["at"]).utcoffset() is not None for line in found)
    text = logs.file(sandbox.paths).read_text(encoding="utf-8")
    assert not [word for word in (*PERSONAL_MARKERS, crimes.MARKER, "CR/0") if word in text]


def test_a_stage_that_fails(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ValueError("CR/00001/19")

    monkeypatch.setattr(load, "load", fail)
    sandbox.deliver(street.street("2019-01", street.rows("2019-01", 3)))
    with pytest.raises(ValueError, match="CR"):
        sandbox.load()
    failed = [line for line in lines(sandbox.paths) if line["event"] == "failed"]
    assert [(line["level"], line["stage"], line.get("source"), line["error"]) for line in failed] == [
        ("error", "load", "police_uk_street", "ValueError"),
        ("error", "run", None, "ValueError"),
    ]
    assert "CR/" not in logs.file(sandbox.paths).read_text(encoding="utf-8")


def test_in_words(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: datetime(2019, 8, 7, 12, 30, 1))
    monkeypatch.setattr(logs.time, "monotonic", iter((1.0, 3.5, 4.0, 4.25)).__next__)
    before = list(logging.getLogger("safercity").handlers)
    logs.say_too()
    try:
        with logs.stage("run-1", "load", "crimes") as counts:
            counts |= {"accepted": 12345, "quarantined": 2}
        with pytest.raises(KeyError), logs.stage("run-1", "publish"):
            raise KeyError("not this")
    finally:
        logging.getLogger("safercity").handlers = before
    assert capsys.readouterr().err.splitlines() == [
        "12:30:01 run-1 load crimes begun",
        "12:30:01 run-1 load crimes ended after 2.50 s, accepted 12,345, quarantined 2",
        "12:30:01 run-1 publish begun",
        "12:30:01 run-1 publish failed after 0.25 s: KeyError",
    ]


def test_a_log_that_cannot_be_written_fails_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "logs").write_text("a file where the folder should be", encoding="utf-8")
    with logs.written(Paths(tmp_path)), logs.stage("run-1", "load"):
        pass
    assert capsys.readouterr() == ("", "")
    full = Paths(tmp_path / "full")
    logs.file(full).parent.mkdir(parents=True)
    logs.file(full).symlink_to("/dev/full")
    with logs.written(full), logs.stage("run-1", "load"):
        pass
    assert capsys.readouterr() == ("", "")


def test_outside_a_run_nothing_is_written(tmp_path: Path) -> None:
    with logs.written(Paths(tmp_path)):
        pass
    with logs.stage("run-1", "load"):
        pass
    assert list((tmp_path / "logs").iterdir()) == []


def test_a_full_one_is_put_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: datetime(2019, 8, 7, 12, 30, 1))
    paths = Paths(tmp_path)
    assert logs.put_aside(paths) is None
    logs.file(paths).parent.mkdir()
    logs.file(paths).write_bytes(b"x" * (logs.FULL_BYTES - 1))
    assert logs.put_aside(paths) is None
    logs.file(paths).write_bytes(b"x" * logs.FULL_BYTES)
    aside = logs.put_aside(paths)
    assert aside == tmp_path / "logs" / "safercity.20190807T123001.jsonl"
    assert not logs.file(paths).exists()
