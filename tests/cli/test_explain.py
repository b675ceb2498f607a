"""explain: the history of a figure, the records in it and their deliveries, and how it says that there are none."""

import shutil
from collections import Counter
from datetime import date
from typing import Any

import duckdb
import pytest

from flows import audit_log
from flows.contracts import load_contracts
from flows.operate import read
from flows.operate.explain import explain
from flows.operate.movements import Cell, movements
from flows.warehouse import writer_lock
from tests.cli.conftest import Safercity
from tests.conftest import Demo
from tests.faults.crimes import MARKER
from tests.faults.sandbox import Sandbox
from tests.faults.street import CITY, SAMPLE

CAUSES = (
    "recorded_late",
    "reclassified_in",
    "reclassified_out",
    "cancelled",
    "reinstated",
    "date_changed_in",
    "date_changed_out",
    "resupplied",
)


def figure(told: Any, record_source: str = "force") -> Any:
    """The figure of a record source in what was printed for a script."""
    [found] = [each for each in told["figures"] if each["cell"]["record_source"] == record_source]
    return found


class TestCrimes:
    """Six assaults of January 2019, first published as of 7 February, of which four stay."""

    def test_for_people(self, safercity: Safercity, both_batches: Sandbox) -> None:
        ended = safercity(both_batches, "explain", "abh", "2019-01", "--as-of", "2019-03-07", "--limit", "2")
        assert (ended.code, ended.err) == (0, "")
        assert ended.lines[0] == "Actual bodily harm, January 2019, City of London Police, as of 2019-03-07"
        assert ended.lines[2].endswith(", OFFICIAL: single records must stay inside the force.")
        assert ended.lines[3:] == [
            "",
            "force: 4, coverage complete, from crimes",
            "",
            "How it came about",
            "extract date\tfile\tcount\tchange\twhy",
            "2019-02-07\tcrimes_2019-02-07.csv\t6\t\tfirst published",
            "2019-03-07\tcrimes_2019-03-07_r2.csv\t4\t-2\tcancelled -1, reclassified out -1",
            "6 - 2 = 4",
            "",
            "What moved it",
            "extract date\trecord\tchange\tcause\tbefore\tafter",
            "2019-03-07\tCR/00021/19\t-1\tcancelled\tstatus recorded\tstatus cancelled",
            "2019-03-07\tCR/00020/19\t-1\treclassified out\tclass code 8N, sub code 008/06\tclass code 105A, sub code"
            " 105/01",
            "",
            "Where its records come from: the deliveries of their states",
            "file\textract date\trecords",
            "crimes_2019-02-07.csv\t2019-02-07\t4",
            "",
            "The records; --json tells more of each",
            "crime_number\tclass_code\tsub_code\tstatus\toutcome_code\trecorded_at\tstate_from\tfile",
            *(
                f"CR/000{number}/19\t8N\t008/06\trecorded\t\t2019-01-12 12:00:00\t2019-02-07\tcrimes_2019-02-07.csv"
                for number in (22, 23)
            ),
            "The first 2 of 4; see all with --limit 0.",
        ]

    def test_one_that_goes_while_another_comes_moves_no_count_and_is_told(
        self, safercity: Safercity, both_batches: Sandbox
    ) -> None:
        """In April a cancellation was undone, and an assault turned out to be an affray of March."""
        found = figure(safercity(both_batches, "explain", "abh", "2019-01", "--json").json)
        assert [(moment["offences"], moment["change"], moment["causes"]) for moment in found["history"]] == [
            (6, None, None),
            (4, -2, {"cancelled": -1, "reclassified_out": -1}),
            (4, 0, {"reinstated": 1, "date_changed_out": -1}),
        ]
        assert [moved for moved in found["movements"] if moved["extract_date"] == "2019-04-07"] == [
            {
                "month": "2019-01-01",
                "extract_date": "2019-04-07",
                "file": "crimes_2019-04-07.csv.gz",
                "record": "CR/00021/19",
                "change": 1,
                "cause": "reinstated",
                "before": {"status": "cancelled"},
                "after": {"status": "recorded"},
            },
            {
                "month": "2019-01-01",
                "extract_date": "2019-04-07",
                "file": "crimes_2019-04-07.csv.gz",
                "record": "CR/00022/19",
                "change": -1,
                "cause": "date_changed_out",
                "before": {"month": "2019-01-01", "class_code": "8N", "sub_code": "008/06"},
                "after": {"month": "2019-03-01", "class_code": "66", "sub_code": "066/01"},
            },
        ]
        assert [record["crime_number"] for record in found["records"]] == [
            f"CR/000{number}/19" for number in (21, 23, 24, 25)
        ]
        assert found["records"][0] == {
            "crime_number": "CR/00021/19",
            "class_code": "8N",
            "sub_code": "008/06",
            "offence": "Assault occasioning actual bodily harm",
            "status": "recorded",
            "outcome_code": None,
            "recorded_at": "2019-01-12T12:00:00",
            "committed_from": None,
            "first_known": "2019-02-07",
            "state_from": "2019-04-07",
            "file": "crimes_2019-04-07.csv.gz",
            "revision": 1,
        }

    def test_at_its_first_publication_nothing_has_moved(self, safercity: Safercity, both_batches: Sandbox) -> None:
        ended = safercity(both_batches, "explain", "abh", "2019-01", "--as-of", "2019-03-06")
        assert "force: 6, coverage complete, from crimes" in ended.lines
        assert "What moved it" not in ended.lines
        assert not [line for line in ended.lines if " = " in line]

    def test_a_crime_recorded_late(self, safercity: Safercity, published: Sandbox) -> None:
        found = figure(safercity(published, "explain", "theft-from-person", "2019-01", "--json").json)
        assert [moment["causes"] for moment in found["history"]] == [None, {"recorded_late": 1}]
        [moved] = found["movements"]
        assert (moved["record"], moved["before"]) == ("CR/00110/19", None)
        assert moved["after"]["class_code"] == "39"
        assert found["offences"] == len(found["records"]) == found["history"][0]["offences"] + 1

    def test_a_new_record_is_told_without_the_month_of_the_figure(
        self, safercity: Safercity, published: Sandbox
    ) -> None:
        [line] = [
            line
            for line in safercity(published, "explain", "all_crime", "2019-01").lines
            if "CR/00110" in line and "late" in line
        ]
        assert line.split("\t")[4:] == [
            "",
            "status recorded, class code 39, sub code 039/00, victim type public, method tags pickpocket;"
            " bag_licensed_premises",
        ]

    def test_none_counted_is_a_figure_too(self, safercity: Safercity, published: Sandbox) -> None:
        ended = safercity(published, "explain", "rape", "2019-01")
        assert ended.code == 0
        assert ended.lines[4] == "force: 0, coverage complete, from crimes"
        assert ended.lines[-1] == "2019-02-07\tcrimes_2019-02-07.csv\t0\t\tfirst published"

    def test_no_text_of_a_person_is_told(self, safercity: Safercity, both_batches: Sandbox) -> None:
        assert MARKER not in safercity(both_batches, "explain", "all_crime", "2019-01", "--json").out


class TestStreetCrimes:
    """Months that data.police.uk published again: it gives no cause, and anti-social behaviour has no key."""

    def test_published_again_with_less_and_restored(self, safercity: Safercity, both_batches: Sandbox) -> None:
        found = figure(safercity(both_batches, "explain", "burglary", "2019-01", "--json").json, "police_uk")
        assert [
            (moment["extract_date"], moment["offences"], moment["change"], moment["causes"])
            for moment in found["history"]
        ] == [
            ("2019-03-31", 6, None, None),
            ("2019-06-30", 5, -1, {"resupplied": -1}),
            ("2019-07-31", 6, 1, {"resupplied": 1}),
        ]
        left, came = found["movements"]
        assert left["record"] == came["record"]
        assert (left["after"], came["before"]) == (None, None)
        assert left["before"] == came["after"] == {"crime_type": "Burglary"}

    def test_incidents_without_a_key(self, safercity: Safercity, both_batches: Sandbox) -> None:
        ended = safercity(both_batches, "explain", "asb", "2019-01")
        assert "police_uk: 3, coverage complete, from police_uk_street" in ended.lines
        moved = [line.split("\t")[:4] for line in ended.lines if "\tresupplied\t" in line]
        assert (
            moved
            == [["2019-06-30", "no key", "-1", "resupplied"]] * 3 + [["2019-07-31", "no key", "+1", "resupplied"]] * 3
        )
        assert "3 - 3 + 3 = 3" in ended.lines

    def test_each_record_source_by_itself(self, safercity: Safercity, both_batches: Sandbox) -> None:
        told = safercity(both_batches, "explain", "all_crime", "2019-01", "--json").json
        assert [each["cell"]["record_source"] for each in told["figures"]] == ["force", "police_uk"]
        told = safercity(both_batches, "explain", "all_crime", "2019-01", "--force", SAMPLE, "--json").json
        assert [(each["cell"]["record_source"], each["offences"]) for each in told["figures"]] == [("police_uk", 4)]


class TestNoFigure:
    """What cannot be explained, and why."""

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (["violens", "2019-01"], "'violens' is no measure; near are violence"),
            (["zzz", "2019-01"], "'zzz' is no measure. All of them: safercity sql"),
            (["prevent", "2019-01"], "a release has no single records of it, because they, or which of them moved,"),
            (["prevent_referrals", "2019-01"], "What may be told is in marts.prevent_referrals"),
            (["mental_health_triage", "2019-01"], "What may be told is in marts.mental_health_triage"),
            (["roads_enforcement", "2019-01"], "As last known they are in marts.roads_notices"),
            (
                ["violence", "2019-01", "--force", "Nobody's"],
                f'no figures of "Nobody\'s"; give --force with one of: {CITY}',
            ),
            (["burglary", "2019-02", "--force", SAMPLE], "February 2019 of Sample Constabulary (police_uk) is missing"),
            (["burglary", "2019-02", "--force", SAMPLE], "2019-02-sample-constabulary-street.csv, or the archive"),
            (["abh", "2019-01", "--as-of", "2019-02-06"], "it was first published as of 7 February 2019"),
            (["abh", "2019-03"], "not among the months known on 31 May 2019, January 2019 to February 2019"),
            (["abh", "2018-12"], "December 2018 of City of London Police (force) is not among the months known"),
            (["abh", "2019-03", "--as-of", "2019-01-01"], "nothing of City of London Police (force) was known"),
        ],
    )
    def test_it_says_why(self, arguments: list[str], said: str, safercity: Safercity, published: Sandbox) -> None:
        ended = safercity(published, "explain", *arguments)
        assert ended.code == 2
        assert said in ended.error

    def test_where_one_record_source_has_none_the_other_is_shown(
        self, safercity: Safercity, published: Sandbox
    ) -> None:
        ended = safercity(published, "explain", "all_crime", "2019-01", "--as-of", "2019-02-07")
        assert ended.code == 0
        assert ended.lines[-1] == (
            "police_uk: no figure. January 2019 of City of London Police (police_uk) was not known on 7 February 2019:"
            " it was first published as of 31 March 2019."
        )

    def test_before_anything_is_published(self, safercity: Safercity, sandbox: Sandbox) -> None:
        assert "nothing has been published" in safercity(sandbox, "explain", "violence", "2019-01").error

    def test_a_release_whose_records_do_not_add_up(self, safercity: Safercity, published_copy: Sandbox) -> None:
        file = published_copy.paths.published_database.resolve()
        file.chmod(0o644)
        with duckdb.connect(str(file)) as connection:
            connection.execute("delete from marts.crime_versions where crime_number = 'CR/00023/19'")
        ended = safercity(published_copy, "explain", "abh", "2019-01")
        assert ended.code == 1
        assert "is 4 in the marts, but its history ends at 4 and it has 3 records" in ended.error


class TestWhoLooked:
    """Looking at records is kept in the audit log, and needs nothing but the release."""

    def test_it_leaves_a_line(self, safercity: Safercity, published_copy: Sandbox) -> None:
        safercity(published_copy, "explain", "abh", "2019-01", "--as-of", "2019-03-07")
        lines = list(audit_log.read(published_copy.paths))
        assert (lines[-1].act, lines[-1].what) == (
            "consult",
            "explain abh 2019-01 of City of London Police as of 2019-03-07",
        )

    def test_a_run_does_not_stand_in_the_way(self, safercity: Safercity, published_copy: Sandbox) -> None:
        with writer_lock(published_copy.paths, "run"):
            assert safercity(published_copy, "explain", "abh", "2019-01").code == 0
        shutil.rmtree(published_copy.paths.warehouse_dir)
        assert safercity(published_copy, "explain", "abh", "2019-01").code == 0


class TestDemo:
    """In the whole demo first figures and movements add up to every figure, on whatever day."""

    DAYS = tuple(map(date.fromisoformat, ("2017-09-30", "2018-06-30", "2019-07-07", "2019-08-07", "2019-09-10")))

    def test_every_measure_and_month_on_several_days(self, demo: Demo) -> None:
        checked = 0
        with read.published(demo[0].paths) as connection:
            for theme in ("violence", "acquisitive_crime", "public_order", "asb", "all_crime"):
                days = " union all by name ".join(
                    f"select date '{day}' as as_of, * from marts.{theme}_performance_as_of(date '{day}')"
                    for day in self.DAYS
                )
                connection.execute(f"create table memory.{theme} as {days}")
                for cell in connection.execute(
                    f"""
                    select distinct measure, record_source, source, force
                    from memory.{theme}
                    inner join (select measure, unnest(sources) as source from marts.dim_measure) using (measure)
                    semi join marts.dim_source using (source, record_source)
                    order by all
                    """
                ).fetchall():
                    checked += self.check(connection, Cell(*cell, month=date.min), theme)
        assert checked > 15_000

    def check(self, connection: duckdb.DuckDBPyConnection, cell: Cell, theme: str) -> int:
        """Hold all movements of a measure against what is published of it; how many figures were looked at."""
        of_cell = "record_source = $record_source and force = $force and measure = $measure"
        given = {"record_source": cell.record_source, "force": cell.force, "measure": cell.measure}
        restated = connection.execute(
            f"select month, extract_date, first_published, offences, {', '.join(CAUSES)}"
            f" from marts.restatements where {of_cell}",
            given,
        ).fetchall()
        first = {month: (day, count) for month, day, is_first, count, *_ in restated if is_first}
        moved: dict[tuple[date, date], Counter[str]] = {}
        for each in movements(connection, cell, every_month=True):
            if each.month in first and each.extract_date > first[each.month][0]:
                assert each.file is not None
                moved.setdefault((each.month, each.extract_date), Counter())[each.cause] += each.change
        assert {at: [causes[cause] for cause in CAUSES] for at, causes in moved.items() if causes.total()} == {
            (month, day): causes for month, day, is_first, _, *causes in restated if not is_first
        }
        figures = connection.execute(
            f"select month, as_of, offences from memory.{theme} where offences is not null and {of_cell}", given
        ).fetchall()
        for month, as_of, offences in figures:
            since = sum(causes.total() for (where, day), causes in moved.items() if where == month and day <= as_of)
            assert first[month][1] + since == offences, (cell, month, as_of)
        return len(figures)

    def test_so_do_the_records_of_every_measure(self, demo: Demo) -> None:
        """A figure whose records were not as many would not be explained. April 2017 was published twice."""
        contracts = load_contracts()
        with read.published(demo[0].paths) as connection:
            measures = connection.execute("select measure, sources from marts.dim_measure").fetchall()
        for measure, sources in measures:
            told = explain(demo[0].settings, contracts, measure, date(2017, 4, 1), as_of=date(2019, 8, 7))
            assert [figure.cell.source for figure in told.figures if figure.offences is not None] == sources

    def test_june_2019(self, demo: Demo) -> None:
        """First reported as 132: four were recorded late, one was cancelled."""
        told = explain(demo[0].settings, load_contracts(), "violence", date(2019, 6, 1), as_of=date(2019, 8, 7))
        found = told.figures[0]
        assert (found.offences, len(found.records.rows)) == (135, 135)
        assert [(moment.offences, moment.causes) for moment in found.history] == [
            (132, None),
            (135, {"recorded_late": 4, "cancelled": -1}),
        ]
