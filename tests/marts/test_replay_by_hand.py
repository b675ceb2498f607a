"""An offence code that the reference lacked: three files are replayed, and figures of past days move, worked by hand.

extract     crime  what it says                      while 8N is unknown
7 February  20     assault of 12 January             quarantined
            21     assault of 12 January             quarantined
7 March     21     is a theft after all              loaded: the first that is known of it
            22     assault of 14 February            quarantined
7 April     20     cancelled                         quarantined
"""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from unittest.mock import patch

import pytest

from flows import reference
from flows.settings import Settings
from tests.faults.crimes import assault, row, rows, text
from tests.faults.sandbox import Sandbox
from tests.faults.street import asb, street
from tests.faults.street import rows as street_rows
from tests.marts.arrival import marts, receive
from tests.marts.compiled import Project
from tests.marts.test_batches import assert_same, build, keep
from tests.marts.test_replay import RIGHT, replayed, ruled_by, wronged_by

JANUARY, FEBRUARY = date(2019, 1, 1), date(2019, 2, 1)
TODAY = date(2024, 1, 31)

EXTRACTS = {
    "crimes_2019-02-07.csv": text(
        [*rows("2019-01-12", 1, 3), assault(20, "2019-01-12"), assault(21, "2019-01-12")],
    ),
    "crimes_2019-03-07.csv": text(
        [row(21, "2019-01-12"), *rows("2019-02-14", 4, 2), assault(22, "2019-02-14")],
    ),
    "crimes_2019-04-07.csv": text([assault(20, "2019-01-12", status="cancelled"), *rows("2019-03-03", 6, 1)]),
}


@pytest.fixture
def without_8n(tmp_path: Path) -> Path:
    """The offence reference as it was before class 8N was added."""
    lines = reference.path("offences").read_text(encoding="utf-8").splitlines(keepends=True)
    lacking = tmp_path / "offences.csv"
    lacking.write_text("".join(line for line in lines if not line.startswith("8N,")), encoding="utf-8")
    return lacking


def quarantined(sandbox: Sandbox) -> list[tuple[object, ...]]:
    """Extract date, record and rules of the rows in quarantine."""
    return sandbox.warehouse(
        "select extract_date, record_no, rules from quarantine.rows inner join ledger.deliveries using (delivery_id)"
        " order by all"
    )


def counts(settings: Settings, project: Project) -> Mapping[str, tuple[int | None, ...]]:
    """Violent crimes of January and of February, as known on the day of each extract, and now."""
    with marts(settings, project) as connection:
        assert project.failed_tests(connection) == {}
        tables = {
            f"{day:%d %b}": f"violence_performance_as_of(date '{day}')"
            for day in (date(2019, 2, 7), date(2019, 3, 6), date(2019, 3, 7), date(2019, 4, 6), date(2019, 4, 7))
        }
        return {
            day: tuple(
                offences
                for (offences,) in connection.execute(
                    f"select offences from safer_city.marts.{table} where measure = 'violence'"
                    " and month between ? and ? order by month",
                    [JANUARY, FEBRUARY],
                ).fetchall()
            )
            for day, table in {**tables, "now": "violence_performance"}.items()
        }


def test_figures_of_past_days_are_as_if_the_code_had_always_been_there(
    without_8n: Path, project: Project, tmp_path: Path
) -> None:
    sandbox = Sandbox(tmp_path, today=TODAY)
    sandbox.deliver(EXTRACTS)
    with patch.object(reference, "path", lambda name: without_8n if name == "offences" else real(name)):
        receive(sandbox.settings, TODAY)
    unknown = ["CLASS_CODE_UNKNOWN"]
    assert quarantined(sandbox) == [
        (date(2019, 2, 7), 5, unknown),
        (date(2019, 2, 7), 6, unknown),
        (date(2019, 3, 7), 5, unknown),
        (date(2019, 4, 7), 2, unknown),
    ]
    assert counts(sandbox.settings, project) == {
        "07 Feb": (0,), "06 Mar": (0,), "07 Mar": (0, 0), "06 Apr": (0, 0), "07 Apr": (0, 0), "now": (0, 0),
    }  # fmt: skip

    assert [(file.extract_date, file.loaded, file.still_bad) for file in replayed(sandbox.settings)] == [
        (date(2019, 2, 7), 2, 0),
        (date(2019, 3, 7), 1, 0),
        (date(2019, 4, 7), 1, 0),
    ]
    assert quarantined(sandbox) == []
    assert counts(sandbox.settings, project) == {
        "07 Feb": (2,), "06 Mar": (2,), "07 Mar": (1, 1), "06 Apr": (1, 1), "07 Apr": (0, 1), "now": (0, 1),
    }  # fmt: skip
    versions = sandbox.warehouse("select accepted, quarantined from ledger.deliveries order by extract_date")
    assert versions == [(5, 0), (4, 0), (2, 0)]
    gone = sandbox.warehouse("select record_no, rules from quarantine.replayed order by delivery_id, record_no")
    assert sorted(gone) == [(2, unknown), (5, unknown), (5, unknown), (6, unknown)]


real = reference.path


def test_the_states_that_were_built_are_mended_where_rows_come_back(tmp_path: Path) -> None:
    """Real runs of dbt, which make anew only what is pending: records that changed since, and a month that was
    published again since."""
    sandbox = Sandbox(tmp_path, today=TODAY)
    january = "2019-01"
    sandbox.deliver(EXTRACTS)
    sandbox.deliver(
        street(january, [*street_rows(january, 12), *street_rows(january, 2, first=20, Crime_type="Drugs")])
    )
    sandbox.deliver(street(january, [*street_rows(january, 9), *asb(january, 3)], folder="published-2019-06/"))
    sandbox.deliver(street(january, street_rows(january, 12), folder="published-2019-07/"))
    settings = sandbox.settings
    rules = {
        "crimes": wronged_by("crimes", {"CLASS_CODE_NOT_RECORDABLE": {"breaks": "class_code = '8N'"}}),
        "police_uk_street": wronged_by("police_uk_street", {"MONTH_NOT_OF_FILE": {"breaks": "crime_type = 'Drugs'"}}),
    }
    with ruled_by({**RIGHT, **rules}):
        receive(settings, TODAY)
    assert build(settings)
    before = keep(settings, tmp_path / "before")
    assert sum(file.loaded for file in replayed(settings)) == 6
    assert not build(settings)
    mended = keep(settings, tmp_path / "mended")
    assert build(settings, full_refresh=True)
    assert_same(mended, keep(settings, tmp_path / "made anew"))
    with pytest.raises(AssertionError):
        assert_same(mended, before)
