"""The marts against the plain model where random worlds hardly ever come by."""

import os
from datetime import date
from pathlib import Path

from flows.contracts import load_contracts
from flows.settings import Settings
from tests.marts.arrival import LONG_AGO, marts, place, receive
from tests.marts.compiled import Project
from tests.marts.differences import differences
from tests.model.months import months_later
from tests.model.performance import Lines, chart_lines
from tests.model.police_uk import HEADER, File, Model

TODAY = date(2024, 1, 1)
CITY = "City of London Police"
APRIL = date(2016, 4, 1)
ASB = "Anti-social behaviour"


def row(month: date, force: str, crime_type: str = ASB) -> dict[str, str]:
    values = {"Month": f"{month:%Y-%m}", "Reported by": force, "Falls within": force, "Crime type": crime_type}
    return {header: values.get(header, "") for header in HEADER}


def street_file(month: date, *rows: dict[str, str], above: str = "") -> File:
    return File(f"{above}{month:%Y-%m}-anywhere-street.csv", rows)


def compare(files: list[File], project: Project, settings: Settings, today: date = TODAY) -> None:
    """Compare the marts of what was received with the model of the files."""
    with marts(settings, project) as connection:
        found = differences(connection, [Model(files, today)], [])
        assert not found, "\n".join(found)
        assert project.failed_tests(connection) == {}


def test_a_count_that_lies_on_a_line_of_the_chart_is_not_beyond_it(project: Project, tmp_path: Path) -> None:
    # Binary fractions miss such a line by a hair: 4.4 − 2.66 × 10/19 is 3, and 3.0000000000000004 in them.
    settings = Settings(data=tmp_path)
    files = [file for step in (1, 2, 3, 5, 15) for low in range(step, step + 4) for file in on_the_lines(low, step)]
    place(files, settings.landing_dir)
    receive(settings, TODAY)
    compare(sorted(files, key=lambda file: file.path), project, settings)


def on_the_lines(low: int, step: int) -> list[File]:
    """Files of one force: twenty months that make a baseline, then months whose counts lie on its lines.

    12 months at `low` and 8 at `low + step`, with 10 moves between them: the mean is low + 0.4 steps, the mean moving
    range 10/19 steps, and 2.66 of those are 1.4 steps.
    """
    high = low + step
    baseline = [low] * 6 + [high, low] * 4 + [high] * 4 + [low] * 2
    first = months_later(APRIL, -len(baseline))
    counts = {months_later(first, number): count for number, count in enumerate(baseline)}
    lines = chart_lines(counts, list(counts))
    assert lines is not None
    for count in [low, *whole_numbers_on(lines)]:
        counts[months_later(first, len(counts))] = count
    force = f"Force {low} {step}"
    return [
        street_file(month, row(month, force, "Drugs"), *[row(month, force)] * count, above=f"{force}/")
        for month, count in counts.items()
    ]


def whole_numbers_on(lines: Lines) -> list[int]:
    """The lines that are whole numbers: both limits, and thrice each line that "near" is judged by."""
    near = (lines.centre + lines.reach * 2 / 3, lines.centre - lines.reach * 2 / 3)
    drawn = (lines.upper, lines.lower, *[near[0]] * 3, *[near[1]] * 3)
    return [int(line) for line in drawn if line.denominator == 1 and line >= 0]


def test_a_file_of_which_no_row_names_a_force_is_of_no_month(project: Project, tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    march = months_later(APRIL, -1)
    files = [street_file(march, row(march, "")), street_file(APRIL, row(APRIL, CITY))]
    place(files, settings.landing_dir)
    receive(settings, TODAY)
    compare(files, project, settings)


def test_empty_files_are_each_reported_together_or_one_after_the_other(project: Project, tmp_path: Path) -> None:
    files = [File(f"2016-04-{name}-street.csv", ()) for name in ("essex", "kent")]
    for batches in ([files], [files[:1], files]):
        settings = Settings(data=tmp_path / f"{len(batches)} batches")
        for in_landing in batches:
            place(in_landing, settings.landing_dir)
            receive(settings, TODAY)
        compare(files, project, settings)


def test_a_rejected_file_is_reported_once_also_when_it_comes_again_elsewhere(project: Project, tmp_path: Path) -> None:
    bad = (row(APRIL, CITY, "Mopery"),) * 12
    files = [File("2016-04-essex-street.csv", bad), File("published-2016-06/2016-04-kent-street.csv", bad)]
    for batches in ([files], [files[:1], files]):
        settings = Settings(data=tmp_path / f"{len(batches)} batches")
        for in_landing in batches:
            place(in_landing, settings.landing_dir)
            receive(settings, TODAY)
        compare(files, project, settings)


def test_an_extract_of_the_future_is_loaded_when_it_is_supplied_again_on_its_day(
    project: Project, tmp_path: Path
) -> None:
    settings = Settings(data=tmp_path)
    early = street_file(APRIL, row(APRIL, CITY), above="published-2016-06/")
    again = File(f"again/{early.path}", early.rows)
    place([early], settings.landing_dir)
    receive(settings, date(2016, 6, 29))
    compare([early], project, settings, date(2016, 6, 29))
    place([early, again], settings.landing_dir)
    receive(settings, date(2016, 6, 30))
    compare([early, again], project, settings, date(2016, 6, 30))


def test_a_month_that_another_force_brings_into_a_source_after_the_last_extract(
    project: Project, tmp_path: Path
) -> None:
    """A later extract of another force makes November a month of the source: 0 for a force without one since then."""
    settings = Settings(data=tmp_path, folder_forces={"kent": "Kent Police"})
    for path, times in {
        "asb_incidents_2018-12-07.csv": ["2018-12-03 10:00"],
        "kent/asb_incidents_2018-12-14.csv": ["2018-11-20 10:00", "2018-12-10 10:00"],
    }.items():
        file = settings.landing_dir / path
        file.parent.mkdir(parents=True, exist_ok=True)
        names = [column.name for column in load_contracts()["asb_incidents"].loaded_columns]
        lines = [",".join(names)]
        for number, created_at in enumerate(times):
            given = {
                "incident_number": f"INC/{number}",
                "status": "open",
                "created_at": created_at,
                "category": "Noise",
            }
            lines.append(",".join(given.get(name, "") for name in names))
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        os.utime(file, (LONG_AGO, LONG_AGO))
    receive(settings, TODAY)
    with marts(settings, project) as connection:
        assert project.failed_tests(connection) == {}
        assert connection.execute(
            "select force, month, offences from safer_city.marts.asb_performance where measure = 'asb'"
            " and coverage = 'complete' order by all"
        ).fetchall() == [(CITY, date(2018, 11, 1), 0), ("Kent Police", date(2018, 11, 1), 1)]
        assert connection.execute(
            "select force, month, offences, first_published from safer_city.marts.restatements where measure = 'asb'"
        ).fetchall() == [("Kent Police", date(2018, 11, 1), 1, True)]
