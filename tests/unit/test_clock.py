"""The clock: one place that says what time it is, and that a drill can set."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from flows import clock
from flows.errors import UsageError


def test_without_a_drill_it_is_the_machines_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(clock.VARIABLE, raising=False)
    assert abs(clock.now() - datetime.now(UTC).replace(tzinfo=None)) < timedelta(seconds=5)


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


def test_the_day_is_londons(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(clock.VARIABLE, "2019-06-30T23:30+00:00")
    assert clock.today() == date(2019, 7, 1)


def test_what_is_no_time_is_a_wrong_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(clock.VARIABLE, "yesterday")
    with pytest.raises(UsageError, match="SAFERCITY_NOW is no time"):
        clock.now()
