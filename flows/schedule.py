"""Every schedule, in one list: what `safercity serve` runs and prefect.yaml deploys."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import anyio
from prefect import Flow
from prefect.deployments.runner import RunnerDeployment
from prefect.schedules import Cron
from prefect.server.schemas.schedules import CronSchedule
from prefect.types.entrypoint import EntrypointType

from flows import pipeline
from flows.clock import LONDON
from flows.settings import Settings, load_settings

EVERY_HOUR_THE_SAME = "UTC"
"""For what runs all round the clock. In London time, Prefect leaves out the hour that comes twice in October."""


@dataclass(frozen=True)
class Schedule:
    """A flow, when it runs (five fields of cron; None is when somebody asks), and with what.

    `wanted` says whether the settings want it to run by itself; without, it does.
    """

    name: str
    flow: Flow[..., Any]
    cron: str | None
    description: str
    tags: tuple[str, ...]
    parameters: dict[str, Any] = field(default_factory=dict)
    timezone: str = LONDON.key
    wanted: Callable[[Settings], bool] | None = None

    @property
    def is_active(self) -> bool:
        """Whether it runs by itself."""
        return self.cron is not None and (self.wanted is None or self.wanted(load_settings()))

    @property
    def entrypoint(self) -> str:
        """Where the flow is found."""
        return f"{self.flow.fn.__module__}.{self.flow.fn.__name__}"

    @property
    def timeout_seconds(self) -> float | None:
        """After how long a run is given up; it stands with the flow, where Prefect looks for it."""
        return self.flow.timeout_seconds

    def next_runs(self, after: datetime, count: int) -> list[datetime]:
        """When Prefect runs it next, London time; never, where it does not run by itself."""
        if self.cron is None or not self.is_active:
            return []
        found = anyio.run(CronSchedule(cron=self.cron, timezone=self.timezone).get_dates, count, after)
        return [at.astimezone(LONDON) for at in found]

    def deployment(self) -> RunnerDeployment:
        """It as Prefect takes it."""
        return self.flow.to_deployment(  # pyright: ignore[reportReturnType]
            self.name,
            schedule=Cron(self.cron, timezone=self.timezone, active=self.is_active) if self.cron else None,
            parameters=self.parameters,
            description=self.description,
            tags=list(self.tags),
            entrypoint_type=EntrypointType.MODULE_PATH,
        )


WRITES = "writes the warehouse"

SCHEDULES = [
    # Not between one and two, an hour that comes twice in October and not at all in March.
    Schedule(
        "every night",
        pipeline.ingest_what_is_new,
        cron="30 3 * * *",
        description="What has landed by the night is published by the morning; waits up to two hours for its turn.",
        tags=("scheduled", WRITES),
        parameters={"wait_minutes": 120},
    ),
    Schedule(
        "soon after something lands",
        pipeline.ingest_what_is_new,
        cron="*/5 * * * *",
        description="Looks every five minutes and mostly ends at once, also while another run writes.",
        tags=("scheduled", WRITES),
        timezone=EVERY_HOUR_THE_SAME,
    ),
    Schedule(
        "every hour",
        pipeline.watch,
        cron="10 * * * *",
        description="Tells people of late deliveries, runs that did not happen or died, and a disk that fills up.",
        tags=("scheduled",),
        timezone=EVERY_HOUR_THE_SAME,
    ),
    Schedule(
        "every week",
        pipeline.tidy_up,
        cron="0 5 * * 0",
        description="Removes what nobody needs any more, early on Sunday; waits up to two hours for its turn.",
        tags=("scheduled", WRITES),
        parameters={"wait_minutes": 120},
    ),
    Schedule(
        "every month",
        pipeline.fetch_open_data,
        cron="0 5 5 * *",
        description="Fetches what data.police.uk has published since; by itself only where fetch.every_month is set.",
        tags=("scheduled",),
        wanted=lambda settings: settings.fetch.every_month,
    ),
    Schedule(
        "the month before",
        pipeline.report_of_month,
        cron="0 8 8 * *",
        description="Makes the partnership report of last month on the 8th, as of the 7th.",
        tags=("scheduled",),
    ),
    Schedule(
        "by hand",
        pipeline.ingest_and_publish,
        cron=None,
        description="As `safercity run`: for some sources, another folder, a full refresh, or despite the audit.",
        tags=("by hand", WRITES),
    ),
    Schedule(
        "by hand",
        pipeline.replay_quarantine,
        cron=None,
        description="As `safercity quarantine replay`, after a contract or reference data was mended.",
        tags=("by hand", WRITES),
    ),
]
