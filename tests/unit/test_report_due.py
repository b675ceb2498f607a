"""Which monthly report is the newest, and when one is missed."""

from datetime import date
from pathlib import Path

import pytest

from flows.report.due import Due, missing, newest
from flows.settings import Paths


@pytest.mark.parametrize(
    ("today", "month", "as_of"),
    [
        (date(2019, 8, 8), date(2019, 7, 1), date(2019, 8, 7)),
        (date(2019, 8, 31), date(2019, 7, 1), date(2019, 8, 7)),
        (date(2019, 8, 7), date(2019, 6, 1), date(2019, 7, 7)),
        (date(2020, 1, 7), date(2019, 11, 1), date(2019, 12, 7)),
        (date(2020, 1, 8), date(2019, 12, 1), date(2020, 1, 7)),
        (date(2020, 3, 1), date(2020, 1, 1), date(2020, 2, 7)),
    ],
)
def test_on_the_8th_that_of_last_month_as_of_the_7th_is_due(today: date, month: date, as_of: date) -> None:
    assert newest(today) == Due(month, as_of)


def issue(paths: Paths, name: str) -> None:
    folder = paths.data / "reports/partnership" / name
    folder.mkdir(parents=True)
    (folder / "issue-1.json").touch()


def test_one_is_missed_from_the_9th_on_where_there_was_one_before(tmp_path: Path) -> None:
    paths = Paths(tmp_path)
    assert missing(paths, date(2019, 8, 9)) is None
    issue(paths, "2019-06-as-of-2019-07-07")
    assert [day for day in range(1, 32) if missing(paths, date(2019, 8, day))] == list(range(9, 32))
    assert missing(paths, date(2019, 9, 8)) == Due(date(2019, 7, 1), date(2019, 8, 7))
    assert missing(paths, date(2019, 9, 9)) is None


def test_until_one_of_its_month_is_issued_as_of_whatever_day(tmp_path: Path) -> None:
    paths = Paths(tmp_path)
    issue(paths, "2019-06-as-of-2019-07-07")
    issue(paths, "2019-07-as-of-2019-08-12")
    assert missing(paths, date(2019, 8, 13)) is None
    assert missing(paths, date(2019, 9, 9)) == Due(date(2019, 8, 1), date(2019, 9, 7))
