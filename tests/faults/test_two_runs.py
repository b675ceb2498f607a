"""Two runs at once: one of them writes, the other says who does, and neither disturbs the other."""

import os
import signal
import time
from contextlib import suppress
from multiprocessing.synchronize import Event

import pytest

from flows import releases, warehouse
from flows.errors import SaferCityError
from flows.stages.load import LoadedFile
from flows.warehouse import WarehouseBusyError
from tests.faults.children import Moment, children, run, start_run
from tests.faults.sandbox import Sandbox
from tests.faults.street import rows, street
from tests.faults.test_killed_command import wait_for


def test_the_second_run_names_who_holds_the_warehouse(sandbox: Sandbox) -> None:
    sandbox.deliver(street("2019-01", rows("2019-01", 3)))
    with (
        warehouse.writer_lock(sandbox.paths, "run --full-refresh"),
        pytest.raises(WarehouseBusyError) as raised,
    ):
        sandbox.load()
    told = str(raised.value)
    assert "`run --full-refresh`" in told
    assert f"process {os.getpid()}, since 20" in told
    assert told.endswith("try again later")
    assert raised.value.exit_code == 1
    assert not sandbox.paths.warehouse.exists()


def test_the_second_run_only_looks_when_nobody_writes(published: Sandbox) -> None:
    """To look is to open the warehouse, and whoever has it open keeps the run that writes from going on."""
    assert published.nothing_to_do()
    with warehouse.writer_lock(published.paths, "run"), pytest.raises(WarehouseBusyError, match="`run`"):
        published.nothing_to_do()


def test_a_run_is_not_disturbed_by_others_that_look(published_copy: Sandbox) -> None:
    sandbox = published_copy
    context = children()
    stop = context.Event()
    looking = context.Process(target=look_again_and_again, args=(sandbox, stop), daemon=True)
    looking.start()
    try:
        for number in range(1, 5):
            month = f"2018-{number:02}"
            sandbox.deliver(street(month, rows(month, 3)))
            assert len(_patiently(sandbox)) == 1
    finally:
        stop.set()
        looking.join(60)
    assert looking.exitcode == 0


def _patiently(sandbox: Sandbox) -> list[LoadedFile]:
    """Load; where another holds the lock at that moment, again a little later. A run that has begun goes through."""
    for _ in range(50):
        busy = None
        try:
            return sandbox.load().files
        except WarehouseBusyError as error:
            busy = error
        assert str(busy).startswith("the warehouse is being written by")
        time.sleep(0.02)
    raise AssertionError("the lock was never free")


def look_again_and_again(sandbox: Sandbox, stop: Event) -> None:
    """What a `safercity run` does before it decides that there is nothing to do."""
    while not stop.is_set():
        with suppress(WarehouseBusyError):
            sandbox.nothing_to_do()
        time.sleep(0.03)


def test_going_back_waits_for_no_run_and_says_so(published: Sandbox) -> None:
    with (
        warehouse.writer_lock(published.paths, "run"),
        pytest.raises(SaferCityError, match="being written by `run`"),
        warehouse.writer_lock(published.paths, "releases rollback"),
    ):
        releases.roll_back(published.paths)


def test_the_lock_of_a_dead_process_is_free(sandbox: Sandbox) -> None:
    sandbox.deliver(street("2019-01", rows("2019-01", 3)))
    assert run(sandbox, dies=Moment("flows.runs", "look")) == -signal.SIGKILL
    assert sandbox.warehouse("select state from ledger.runs") == [("running",)]
    assert len(sandbox.load().files) == 1
    assert sandbox.warehouse("select state from ledger.runs order by started_at, rowid") == [("killed",), ("done",)]


@pytest.mark.parametrize("content", ["", "{", '{"pid": 1}'])
def test_a_lock_file_that_says_nothing_sensible_still_locks(content: str, sandbox: Sandbox) -> None:
    with warehouse.writer_lock(sandbox.paths, "run"):
        sandbox.paths.lock.write_text(content, encoding="utf-8")
        with (
            pytest.raises(WarehouseBusyError, match="written by another process"),
            warehouse.writer_lock(sandbox.paths, "run"),
        ):
            pass


def test_the_second_waits_for_its_turn(sandbox: Sandbox) -> None:
    with warehouse.writer_lock(sandbox.paths, "run"):
        began = time.monotonic()
        with (
            pytest.raises(WarehouseBusyError, match=r"and still is after 0\.02 minutes"),
            warehouse.writer_lock(sandbox.paths, "backup", wait_minutes=0.02),
        ):
            pass
        assert time.monotonic() - began >= 1.2


def test_it_goes_on_when_the_first_is_dead(sandbox: Sandbox) -> None:
    sandbox.deliver(street("2019-01", rows("2019-01", 3)))
    first = start_run(sandbox, dies=Moment("flows.runs", "look", after=True))
    wait_for(sandbox.paths.warehouse, seconds=60)
    assert len(sandbox.load(wait_minutes=1).files) == 1
    first.join(60)
    assert first.exitcode == -signal.SIGKILL
    assert sandbox.warehouse("select state from ledger.runs order by started_at, rowid") == [("killed",), ("done",)]
