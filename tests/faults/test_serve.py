"""`safercity serve`: what dies comes back, or is seen to have died. Night after night it is tried in test_soak.py."""

import os
import signal
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

import pytest

from tests.faults.sandbox import Sandbox
from tests.faults.served import ON_ARRIVAL, alive, descendants, serving, until
from tests.faults.street import rows, street
from tests.faults.test_killed_command import command_of

pytestmark = [
    pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="this system has no /proc to find children in"),
]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_what_dies_comes_back(sandbox: Sandbox) -> None:
    sandbox.deliver(street("2019-01", rows("2019-01", 3)))
    with serving(sandbox) as served:
        run = served.begin(ON_ARRIVAL)
        until(sandbox.paths.warehouse.exists)
        # The server under a run: it goes on, and so does the address.
        os.kill(served.child("prefect_server"), signal.SIGKILL)
        state, message = served.ended(run)
        assert (state, message[:10]) == ("COMPLETED", "Published ")
        assert served.ended(served.begin("every hour")) == ("COMPLETED", "0 messages sent, 0 dead runs found")

        # A run: it is shown as crashed, and the next one does its work.
        sandbox.deliver(street("2019-02", rows("2019-02", 3)))
        run = served.begin(ON_ARRIVAL)
        served.reads(run, sandbox)
        os.kill(served.process_of(run), signal.SIGKILL)
        assert served.ended(run)[0] == "CRASHED"
        until(lambda: served.ended(served.begin(ON_ARRIVAL))[1].startswith("Published "))
        assert sandbox.warehouse("select state from ledger.runs order by started_at") == [
            ("done",),
            ("killed",),
            ("done",),
        ]
        assert sandbox.marts("select count(*) from marts.deliveries") == [(2,)]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_killed_and_started_again(sandbox: Sandbox) -> None:
    sandbox.deliver(street("2019-01", rows("2019-01", 3)))
    with serving(sandbox) as served:
        run = served.begin(ON_ARRIVAL)
        served.reads(run, sandbox)
        started = descendants(served.process.pid)
        os.kill(served.process_of(run), signal.SIGKILL)
        served.process.kill()
        served.process.wait(10)
        with suppress(AssertionError):
            until(lambda: not alive(started), seconds=75)
        assert [command_of(pid) for pid in alive(started)] == []
    missed = make_late(sandbox.paths.prefect / "prefect.db")
    assert missed > 5
    with serving(sandbox) as served:
        until(lambda: served.state(run)[0] == "CRASHED")
        caught_up = until(lambda: served.ask("flow_runs/filter", {"flow_runs": {"tags": {"all_": ["caught up"]}}}))
        assert len(caught_up) == 1
        state, message = served.ended(caught_up[0]["id"])
        assert state == "COMPLETED", message
        assert sandbox.marts("select count(*) from marts.deliveries") == [(1,)]
        late = served.ask("flow_runs/filter", {"flow_runs": {"state": {"name": {"any_": ["Late"]}}}})
        assert late == []
        assert sandbox.warehouse("select state from ledger.runs where state = 'killed'") == [("killed",)]


def make_late(database: Path) -> int:
    """As after two hours without power: all that is there happened, or was due, two hours before; how much was due."""
    with closing(sqlite3.connect(database)) as connection, connection:
        for column in ("expected_start_time", "next_scheduled_start_time"):
            connection.execute(f"update flow_run set {column} = datetime({column}, '-2 hours') || '.000000'")
        [count] = connection.execute(
            "select count(*) from flow_run where state_type = 'SCHEDULED' and expected_start_time < datetime('now')"
        ).fetchone()
    return count
