"""The schedules: right for their flows, right across changes of the clock, and the same in prefect.yaml."""

import inspect
from datetime import datetime
from itertools import pairwise

import pytest
import yaml

from flows.clock import LONDON
from flows.schedule import SCHEDULES, Schedule
from flows.settings import PROJECT_DIR

BY_NAME = {schedule.name: schedule for schedule in SCHEDULES if schedule.cron}
IDS = [f"{schedule.name}, {schedule.flow.name}" for schedule in SCHEDULES]


@pytest.mark.parametrize("schedule", SCHEDULES, ids=IDS)
def test_its_flow_takes_its_parameters(schedule: Schedule) -> None:
    inspect.signature(schedule.flow.fn).bind(**schedule.parameters)
    schedule.flow.validate_parameters(schedule.parameters)


@pytest.mark.parametrize("schedule", SCHEDULES, ids=IDS)
def test_the_form_in_the_pages_explains_each_parameter(schedule: Schedule) -> None:
    deployment = schedule.deployment()
    assert deployment.entrypoint == schedule.entrypoint
    schema = deployment._parameter_openapi_schema
    assert list(schema.properties) == list(inspect.signature(schedule.flow.fn).parameters)
    for name, about in schema.properties.items():
        assert about.get("description", "").endswith("."), f"{name} has no description"


@pytest.mark.parametrize("schedule", BY_NAME.values(), ids=BY_NAME.keys())
def test_what_runs_by_itself_is_given_up_at_some_time(schedule: Schedule) -> None:
    assert schedule.timeout_seconds


@pytest.mark.parametrize(
    ("name", "day", "runs"),
    [
        ("every night", "2026-03-28", ["28 03:30 +0000", "29 03:30 +0100", "30 03:30 +0100"]),
        ("every night", "2026-10-24", ["24 03:30 +0100", "25 03:30 +0000", "26 03:30 +0000"]),
        ("every week", "2026-10-24", ["25 05:00 +0000", "01 05:00 +0000"]),
        ("the month before", "2026-03-01", ["08 08:00 +0000", "08 08:00 +0100"]),
        ("every hour", "2026-03-29", ["29 00:10 +0000", "29 02:10 +0100", "29 03:10 +0100"]),
        ("every hour", "2026-10-25", ["25 00:10 +0100", "25 01:10 +0100", "25 01:10 +0000", "25 02:10 +0000"]),
    ],
)
def test_it_runs_once_whatever_the_clock_does(name: str, day: str, runs: list[str]) -> None:
    midnight = datetime.fromisoformat(day).replace(tzinfo=LONDON)
    found = BY_NAME[name].next_runs(midnight, len(runs))
    assert [f"{at:%d %H:%M %z}" for at in found] == runs


@pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25"])
def test_it_looks_every_five_minutes_also_when_the_clock_changes(day: str) -> None:
    midnight = datetime.fromisoformat(day).replace(tzinfo=LONDON)
    found = BY_NAME["soon after something lands"].next_runs(midnight, 60)
    assert {(later.timestamp() - at.timestamp()) for at, later in pairwise(found)} == {300}


def test_what_needs_the_internet_runs_by_itself_only_where_the_settings_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monthly = BY_NAME["every month"]
    [off] = monthly.deployment().schedules or []
    assert (off.active, monthly.next_runs(datetime(2019, 8, 1, tzinfo=LONDON), 1)) == (False, [])
    monkeypatch.setenv("SAFERCITY_FETCH__EVERY_MONTH", "true")
    [on] = monthly.deployment().schedules or []
    assert on.active
    assert monthly.next_runs(datetime(2019, 8, 1, tzinfo=LONDON), 1) == [datetime(2019, 8, 5, 5, 0, tzinfo=LONDON)]


def as_written(schedule: Schedule) -> dict[str, object]:
    """A schedule as prefect.yaml has it: one that the settings can switch on is off."""
    written: dict[str, object] = {"cron": schedule.cron, "timezone": schedule.timezone}
    return written | ({"active": False} if schedule.wanted else {})


def test_prefect_yaml_deploys_the_same() -> None:
    content = yaml.safe_load((PROJECT_DIR / "prefect.yaml").read_text(encoding="utf-8"))
    assert content["deployments"] == [
        {
            "name": schedule.name,
            "entrypoint": schedule.entrypoint,
            "description": schedule.description,
            "tags": list(schedule.tags),
            **({"parameters": schedule.parameters} if schedule.parameters else {}),
            **({"schedules": [as_written(schedule)]} if schedule.cron else {}),
            "work_pool": {"name": "safer-city", "work_queue_name": "default"},
        }
        for schedule in SCHEDULES
    ]
