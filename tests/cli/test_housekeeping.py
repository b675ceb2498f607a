"""housekeeping: what goes, what stays, and what is due for review."""

import json
import os
import shutil
from datetime import date, timedelta
from unittest.mock import patch

import pytest

from flows import audit_log, clock, contracts, releases, warehouse
from flows.contracts import Contract, load_contracts
from flows.operate import compact, housekeeping
from flows.operate.housekeeping import DueForReview, Removed
from tests.cli.conftest import Safercity
from tests.faults import crimes, street
from tests.faults.sandbox import Sandbox

CONTRACTS = load_contracts()
NOTHING = [
    Removed("releases beyond the newest ones", 0, 0),
    Removed("left by a process that was killed", 0, 0),
    Removed("logs", 0, 0),
    Removed("messages to people", 0, 0),
    Removed("problems that ended", 0, 0),
]
OLD = clock.now() - timedelta(days=366)
YOUNG = clock.now() - timedelta(days=364)


def housekeep(
    sandbox: Sandbox, *, dry_run: bool = False, changed: dict[str, Contract] | None = None
) -> housekeeping.Tidied:
    """Housekeeping with the project's contracts, some of them changed."""
    with sandbox.patched():
        return housekeeping.housekeep(sandbox.settings, CONTRACTS | (changed or {}), dry_run=dry_run)


def with_retention(source: str, years: int) -> dict[str, Contract]:
    """A contract with a retention."""
    return {source: Contract.model_validate(CONTRACTS[source].model_dump() | {"retention": years})}


def test_nothing_to_tidy(published_copy: Sandbox) -> None:
    (published_copy.data / "releases" / "README.md").write_text("about releases", encoding="utf-8")
    before = sorted(published_copy.data.rglob("*"))
    assert housekeep(published_copy) == housekeeping.Tidied(NOTHING, None, [], [])
    assert sorted(published_copy.data.rglob("*")) == before
    assert published_copy.nothing_to_do()


def test_before_the_first_run(sandbox: Sandbox) -> None:
    assert housekeep(sandbox) == housekeeping.Tidied(NOTHING[:3], None, [], [])


def test_a_dry_run_on_the_warehouse_of_an_older_program(published_copy: Sandbox) -> None:
    with warehouse.connect(published_copy.settings) as connection:
        connection.execute("drop table ledger.erasures")
    assert housekeep(published_copy, dry_run=True).unfinished == []


def test_what_goes_and_what_stays(published_copy: Sandbox) -> None:
    paths = published_copy.paths
    published = releases.current(paths)
    assert published is not None
    for number in range(3):
        folder = shutil.copytree(paths.releases / published.release_id, paths.releases / f"r{number}")
        manifest = folder / releases.MANIFEST
        content = json.loads(manifest.read_text(encoding="utf-8"))
        manifest.unlink()
        content |= {"release_id": f"r{number}", "published_at": f"2099-01-0{number + 1}T12:00:00"}
        manifest.write_text(json.dumps(content), encoding="utf-8")
    for folder in (paths.scratch / "crimes", paths.spill, paths.building):
        folder.mkdir(parents=True)
        (folder / "left").write_bytes(b"1234")
    compact.unfinished(paths).write_bytes(b"12")
    logs = paths.dbt_target / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    for name, at in (("dbt.log.1", OLD), ("dbt.log.2", YOUNG)):
        (logs / name).write_bytes(b"123")
        os.utime(logs / name, (at.timestamp(), at.timestamp()))
    with warehouse.connect(published_copy.settings) as connection:
        connection.execute("delete from ledger.alerts; delete from ledger.problems")
        for at in (OLD, YOUNG):
            connection.execute(
                "insert into ledger.alerts values ('a', 'r', ?, 'everybody', 'none', null, 'info', '', '', '{}',"
                " 'sent', 1, null, null, null)",
                [at],
            )
        for ended_at, told in ((OLD, True), (OLD, False), (YOUNG, True), (None, False)):
            connection.execute(
                "insert into ledger.problems by name select 'p' as problem_id, 'k' as kind, 's' as subject,"
                " 'info' as severity, 'o' as owner, 'm' as message, 'd' as done, 'l' as look, [] as names,"
                " true as lasting, ?::timestamp as opened_at, ?::timestamp as ended_at, ?::boolean as end_told",
                [OLD, ended_at, told],
            )
    published_copy.given = {"keep_releases": 2}
    would = housekeep(published_copy, dry_run=True)
    assert [(item.what, item.items) for item in would.removed] == [
        ("releases beyond the newest ones", 1),  # of two, the published one stays
        ("left by a process that was killed", 4),
        ("logs", 1),
        ("messages to people", 1),
        ("problems that ended", 1),
    ]
    assert would.removed[1].bytes == 14
    assert would.removed[2].bytes == 3
    assert (paths.releases / "r0").exists()

    assert housekeep(published_copy).removed == would.removed
    assert [item.release_id for item in releases.on_disk(paths)] == ["r2", "r1", published.release_id]
    assert not paths.scratch.exists()
    assert not compact.unfinished(paths).exists()
    assert not (logs / "dbt.log.1").exists()
    assert (logs / "dbt.log.2").exists()
    assert published_copy.warehouse("select count(*) from ledger.alerts") == [(1,)]
    assert published_copy.warehouse("select count(*) from ledger.problems") == [(3,)]
    assert housekeep(published_copy).removed == NOTHING


def test_the_warehouse_is_compacted_when_it_pays(published_copy: Sandbox) -> None:
    with warehouse.connect(published_copy.settings) as connection:
        connection.execute("create table main.large as select md5(range::varchar) as t from range(2000000)")
        connection.execute("checkpoint")
        connection.execute("create table main.behind_it as from range(100)")
        connection.execute("checkpoint")
        connection.execute("drop table main.large")
    before = published_copy.paths.warehouse.stat().st_size
    would = housekeep(published_copy, dry_run=True).compacted
    assert would is not None
    assert published_copy.paths.warehouse.stat().st_size == before
    done = housekeep(published_copy).compacted
    assert done is not None
    assert done.after == published_copy.paths.warehouse.stat().st_size < before / 2
    assert housekeep(published_copy).compacted is None


def test_records_of_changes_are_due_by_their_month(sandbox: Sandbox) -> None:
    sandbox.deliver(
        {"crimes_2019-04-07.csv": crimes.text([*crimes.rows("2019-01-31", 1, 2), *crimes.rows("2019-03-01", 10, 3)])}
    )
    sandbox.load()
    for day, expected in (
        (date(2021, 1, 31), []),
        (date(2021, 2, 1), [DueForReview("crimes", 2, 2, date(2019, 1, 1), date(2019, 1, 1))]),
        (date(2021, 4, 1), [DueForReview("crimes", 2, 5, date(2019, 1, 1), date(2019, 3, 1))]),
    ):
        sandbox.today = day
        assert housekeep(sandbox, dry_run=True, changed=with_retention("crimes", 2)).due == expected
    assert housekeep(sandbox, dry_run=True).due == []
    assert sandbox.warehouse("select count(*) from raw.crimes") == [(5,)]


def test_records_of_slices_are_due_by_the_month_of_their_file(sandbox: Sandbox) -> None:
    sandbox.deliver(street.street("2019-01", street.rows("2019-01", 3)))
    sandbox.load()
    sandbox.today = date(2025, 2, 1)
    due = housekeep(sandbox, changed=with_retention("police_uk_street", 6)).due
    assert due == [DueForReview("police_uk_street", 6, 3, date(2019, 1, 1), date(2019, 1, 1))]


def test_a_retention_needs_a_month() -> None:
    content = CONTRACTS["crimes"].model_dump() | {"retention": 6, "counted_by": None}
    with pytest.raises(ValueError, match="`retention` counts from a record's month"):
        Contract.model_validate(content)


def test_the_command(safercity: Safercity, published_copy: Sandbox) -> None:
    with patch.object(contracts, "load_contracts", lambda: CONTRACTS | with_retention("crimes", 1)):
        ended = safercity(published_copy, "housekeeping", "--dry-run")
        assert ended.code == 0, ended.err
        assert ended.lines[0] == "would go\titems\tMB"
        assert "Due for review by the retention of their source" in ended.lines
        assert not [line for line in audit_log.read(published_copy.paths) if line.act == "tidy"]
        told = safercity(published_copy, "housekeeping", "--json").json
    assert [item["what"] for item in told["removed"]] == [item.what for item in NOTHING]
    assert told["compacted"] is None
    assert [item["source"] for item in told["due"]] == ["crimes"]
    assert [line.what for line in audit_log.read(published_copy.paths) if line.act == "tidy"] == ["housekeeping"]


def test_not_while_a_run_is_active(safercity: Safercity, published_copy: Sandbox) -> None:
    with warehouse.writer_lock(published_copy.paths, "run"):
        ended = safercity(published_copy, "housekeeping")
    assert ended.code == 1
    assert "being written by `run`" in ended.error
