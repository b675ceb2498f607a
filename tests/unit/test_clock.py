"""The clock: one place that says what time it is, and that a drill can set."""

from __future__ import annotations

import os
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from flows import clock
from flows.errors import UsageError


def test_without_a_drill_it_is_the_machines_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(clock.VARIABLE, raising=False)
    assert abs(clock.now() - datetime.now(UTC).replace(tzinfo=None)) < timedelta(seconds=5)


@pytest.fixture(autouse=True)
def _begins_with_the_test() -> None:
    """Each test is a process that has not asked yet."""
    clock._ahead.cache_clear()


@pytest.mark.parametrize(
    ("given", "utc"),
    [
        ("2019-08-08T02:00", datetime(2019, 8, 8, 1, 0)),  # British Summer Time
        ("2019-01-08T02:00", datetime(2019, 1, 8, 2, 0)),
        ("2019-08-08T02:00+00:00", datetime(2019, 8, 8, 2, 0)),
    ],
)
def test_a_drill_begins_at_the_given_time_and_goes_on(
    monkeypatch: pytest.MonkeyPatch, given: str, utc: datetime
) -> None:
    monkeypatch.setenv(clock.VARIABLE, given)
    first = clock.now()
    assert timedelta() <= first - utc < timedelta(seconds=30)
    assert clock.now() > first


def test_a_time_in_a_file_goes_on_from_when_it_was_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "now"
    file.write_text("2019-08-08T02:00\n")
    an_hour_ago = time.time() - 3600
    os.utime(file, (an_hour_ago, an_hour_ago))
    monkeypatch.setenv(clock.VARIABLE, f"@{file}")
    first = clock.now()
    assert timedelta() <= first - datetime(2019, 8, 8, 2, 0) < timedelta(seconds=30)
    file.write_text("2035-01-01T00:00")  # is of those that begin later
    assert timedelta() <= clock.now() - first < timedelta(seconds=30)


def test_the_day_is_londons(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(clock.VARIABLE, "2019-06-30T23:30+00:00")
    assert clock.today() == date(2019, 7, 1)


def test_what_is_no_time_is_a_wrong_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(clock.VARIABLE, "yesterday")
    with pytest.raises(UsageError, match="SAFERCITY_NOW is no time"):
        clock.now()


def test_nor_is_a_file_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(clock.VARIABLE, "@/nowhere/now")
    with pytest.raises(UsageError, match="the file /nowhere/now cannot be read"):
        clock.now()
