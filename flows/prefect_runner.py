"""The schedules of `safercity serve`: starts each run when it is due, in a process of its own.

`python -P -m flows.prefect_runner` ends with its standard input, that is with the process that started it, and what it
has started ends with it. Prefect's server is at PREFECT_API_URL.
"""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from datetime import UTC, datetime
from uuid import UUID

from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.actions import GlobalConcurrencyLimitUpdate
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterId,
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.runner import Runner
from prefect.states import Crashed

from flows.orchestration import RUNNER, WAREHOUSE_LIMIT, crash_runs_without_process
from flows.prefect_server import end_with_input
from flows.schedule import SCHEDULES, Schedule

RUNS_AT_ONCE = 4
"""One that writes, one that waits for it, and two that look."""

ENDS_WITHIN = 40
"""Seconds; Prefect gives the runs that are under way thirty of them."""

CAUGHT_UP = "caught up"
"""The tag of a run that stands for those that were missed."""


async def serve() -> None:
    """Run what is due until asked to end."""
    runner = Runner(name="safercity", pause_on_shutdown=False, limit=RUNS_AT_ONCE, query_seconds=5)
    async with get_client() as client:
        while await client.api_healthcheck():
            await asyncio.sleep(0.5)
        await asyncio.to_thread(crash_runs_without_process)
        await client.upsert_global_concurrency_limit_by_name(WAREHOUSE_LIMIT, 1)
        # Whatever held the slot was started by a runner before this one, and has ended with it.
        await client.update_global_concurrency_limit(WAREHOUSE_LIMIT, GlobalConcurrencyLimitUpdate(active_slots=0))
        for schedule in SCHEDULES:
            deployment = await runner.aadd_deployment(await asyncio.to_thread(schedule.deployment))
            await catch_up(client, schedule, deployment)
    running = asyncio.create_task(runner.start())
    await asyncio.sleep(0)  # it sets a handler of its own first
    told = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    ended = asyncio.create_task(told.wait())
    await asyncio.wait([running, ended], return_when=asyncio.FIRST_COMPLETED)
    if runner.started:
        await runner.astop()
    await running


async def catch_up(client: PrefectClient, schedule: Schedule, deployment: UUID) -> None:
    """Of the runs that were due while nothing ran them, have one happen now, and the others never."""
    now = datetime.now(UTC)
    for run in await _runs(client, deployment, [StateType.PENDING]):
        await client.set_flow_run_state(run.id, Crashed(message="It was never begun"), force=True)
    for run in await _runs(client, deployment, [StateType.SCHEDULED]):
        if _is_ours(run) and run.expected_start_time and run.expected_start_time <= now:
            await client.delete_flow_run(run.id)
    begun = [state for state in StateType if state != StateType.SCHEDULED]
    newest = next(iter(await _runs(client, deployment, begun, limit=1)), None)
    if newest is None or newest.expected_start_time is None:
        return
    due = await asyncio.to_thread(schedule.next_runs, newest.expected_start_time, 2)
    if any(newest.expected_start_time < at <= now for at in due):
        await client.create_flow_run_from_deployment(deployment, tags=[CAUGHT_UP])


def _is_ours(run: FlowRun) -> bool:
    """Whether a schedule made it, and no person."""
    return run.auto_scheduled or CAUGHT_UP in run.tags


async def _runs(
    client: PrefectClient, deployment: UUID, states: list[StateType], limit: int | None = None
) -> list[FlowRun]:
    """The runs of a deployment in these states, the newest first."""
    return await client.read_flow_runs(
        deployment_filter=DeploymentFilter(id=DeploymentFilterId(any_=[deployment])),
        flow_run_filter=FlowRunFilter(state=FlowRunFilterState(type=FlowRunFilterStateType(any_=states))),
        sort=FlowRunSort.EXPECTED_START_TIME_DESC,
        limit=limit,
    )


def end_with_input_soon() -> None:
    """Ask this process to end with its standard input; where Prefect's server is gone too it would try for long."""
    end_with_input()
    time.sleep(ENDS_WITHIN)
    os._exit(1)


if __name__ == "__main__":
    os.environ[RUNNER] = str(os.getpid())
    threading.Thread(target=end_with_input_soon, daemon=True).start()
    asyncio.run(serve())
