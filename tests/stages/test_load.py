"""The load: where every row ends, what rejects a file, and that nothing is loaded by halves."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import duckdb
import pytest

from flows.contracts import Contract, load_contracts
from flows.errors import SaferCityError
from flows.runs import Summary
from flows.stages import load
from tests.faults.sandbox import Sandbox
from tests.faults.street import CITY, SAMPLE, Files, Row, archive, first_batch, row, rows, street, text
from tests.model.police_uk import HEADER

BAD: dict[str, Any] = {"Crime_type": "Mopery"}
CONTRACTS = load_contracts()
STREET = CONTRACTS["police_uk_street"]


def fates(summary: Summary) -> dict[str, str]:
    """Path below the landing folder → accepted, or why the file was rejected."""
    return {f.path.split("/landing/")[1]: f.reason_code or f.state for f in summary.files}


def counts(summary: Summary) -> dict[str, tuple[Any, ...]]:
    """File name → received, accepted, quarantined, rejected."""
    return {f.file_name: (f.received, f.accepted, f.quarantined, f.rejected) for f in summary.files}


def changed(**changes: Any) -> dict[str, Contract]:
    """The project's contracts, with the one of street crime changed."""
    return {"police_uk_street": Contract.model_validate(STREET.model_dump() | changes)}


def held(sandbox: Sandbox) -> dict[str, int]:
    """How many rows each table holds in which a load leaves something."""
    tables = ("raw.police_uk_street", "quarantine.rows", "ledger.deliveries", "ledger.rule_results", "ledger.pending")
    return {table: sandbox.warehouse(f"select count(*) from {table}")[0][0] for table in tables}


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    """A warehouse with the first batch loaded."""
    sandbox = Sandbox(tmp_path_factory.mktemp("loaded"))
    sandbox.deliver(first_batch())
    return sandbox


@pytest.fixture(scope="module")
def summary(loaded: Sandbox) -> Summary:
    """What the load of the first batch did."""
    return loaded.load()


@pytest.fixture(scope="module")
def waiting(tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    """A warehouse with one file loaded and a second one not yet."""
    sandbox = Sandbox(tmp_path_factory.mktemp("waiting"))
    sandbox.deliver(street("2019-01", rows("2019-01", 3)))
    sandbox.load()
    sandbox.deliver(not_yet_loaded())
    return sandbox


def not_yet_loaded() -> Files:
    """A month with a bad row."""
    return street("2019-02", [*rows("2019-02", 3), row("2019-02", 9, **BAD)])


class TestTheFirstBatch:
    """What becomes of the files and rows of one batch."""

    def test_the_counts_of_each_file(self, summary: Summary) -> None:
        assert counts(summary) == {
            "2019-01-city-of-london-street.csv": (14, 12, 2, 0),
            "2019-01-sample-constabulary-street.csv": (5, 5, 0, 0),
            "2019-02-city-of-london-street.csv": (7, 7, 0, 0),
            "2019-02-sample-constabulary-street.csv": (None, 0, 0, None),
            "2019-03-city-of-london-street.csv.gz": (6, 6, 0, 0),
            "2019-03-sample-constabulary-street.csv": (3, 3, 0, 0),
        }

    def test_a_rejected_file_gives_exit_code_3(self, summary: Summary) -> None:
        assert [file.reason_code for file in summary.rejected] == ["COLUMN_MISSING"]
        assert summary.exit_code == 3

    def test_the_ledger_adds_up_to_the_rows_that_are_there(self, loaded: Sandbox, summary: Summary) -> None:
        in_ledger = loaded.warehouse(
            """
            select delivery_id, accepted, quarantined from ledger.deliveries
            where received = accepted + quarantined + rejected order by all
            """
        )
        there = loaded.warehouse(
            """
            select delivery_id, count(*) filter (where place = 'raw'), count(*) filter (where place = 'quarantine')
            from (
              select delivery_id, 'raw' as place from raw.police_uk_street
              union all
              select delivery_id, 'quarantine' from quarantine.rows
            )
            group by all order by all
            """
        )
        assert len(in_ledger) == 5
        assert in_ledger == there

    def test_rows_keep_their_order_and_number(self, loaded: Sandbox, summary: Summary) -> None:
        numbers = loaded.warehouse(
            """
            select list(record_no order by rowid) from raw.police_uk_street
            where reported_by = ? and month = date '2019-01-01'
            """,
            [CITY],
        )
        assert numbers == [(list(range(2, 14)),)]

    def test_a_quarantined_row_is_kept_with_its_columns_and_reasons(self, loaded: Sandbox, summary: Summary) -> None:
        found = loaded.warehouse("select record_no, rules, messages, record from quarantine.rows order by record_no")
        assert [record_no for record_no, *_ in found] == [14, 15]
        _, rules, messages, record = found[1]
        assert rules == ["CRIME_ID_FORMAT"]
        assert messages == ["Crime ID is not 64 lower-case hexadecimal digits"]
        assert list(record) == [column.name for column in STREET.loaded_columns]
        assert record["crime_id"] == "31"
        assert (record["crime_type"], record["longitude"]) == ("Burglary", "-0.09")

    def test_a_file_without_a_contract_is_named_once(self, loaded: Sandbox, summary: Summary) -> None:
        assert summary.unmatched == ["notes/2019-01-city-of-london-notes.csv"]
        assert loaded.warehouse("select name from ledger.unmatched") == [(summary.unmatched[0],)]

    def test_what_failed_is_told_by_rule(self, summary: Summary) -> None:
        assert [(rule.code, rule.severity, rule.files, rule.rows) for rule in summary.failed_rules] == [
            ("CRIME_ID_FORMAT", "critical", 1, 1),
            ("CRIME_TYPE_FROM_2013_05", "critical", 1, 1),
            ("PLACE_OF_NO_LOCATION", "warning", 1, 3),
            ("COORDINATE_HALF", "warning", 1, 1),
            ("FALLS_WITHIN_MISSING", "warning", 1, 1),
        ]

    def test_each_rule_has_a_result_for_each_file_that_was_read(self, loaded: Sandbox, summary: Summary) -> None:
        found = loaded.warehouse("select rule, count(*), sum(rows_failed)::int from ledger.rule_results group by rule")
        results = {rule: (files, failed) for rule, files, failed in found}
        expected = {rule.code for rule in STREET.all_rules} | {"ROW_MALFORMED", "COLUMN_UNKNOWN"}
        assert set(results) == expected
        assert {files for files, _ in results.values()} == {5}
        assert results["CRIME_ID_FORMAT"] == (5, 1)

    def test_the_accepted_deliveries_wait_for_the_states(self, loaded: Sandbox, summary: Summary) -> None:
        accepted = loaded.warehouse("select delivery_id from ledger.deliveries where state = 'accepted' order by all")
        assert loaded.warehouse("select delivery_id from ledger.pending order by all") == accepted
        assert len(accepted) == 5

    def test_then_there_is_nothing_left_to_load(self, loaded: Sandbox, summary: Summary) -> None:
        before = held(loaded)
        again = loaded.load()
        assert (again.files, again.failed_rules, again.unmatched, again.repeats) == ([], [], [], 0)
        assert again.exit_code == 0
        assert held(loaded) == before


def test_a_warning_makes_the_columns_it_names_null(sandbox: Sandbox) -> None:
    month = "2019-01"
    content = [
        row(month, 0, Longitude=""),
        row(month, 1, Latitude="61.2"),
        row(month, 2, Longitude="west"),
        row(month, 3, LSOA_code="E1"),
        row(month, 4, Last_outcome_category="Lost in the post"),
        row(month, 5),
    ]
    sandbox.deliver(street(month, content))
    sandbox.load()
    columns = "longitude, latitude, lsoa_code, lsoa_name, last_outcome"
    name, outcome = "City of London 001E", "Under investigation"
    assert sandbox.warehouse(f"select {columns} from raw.police_uk_street order by record_no") == [
        (None, None, "E01000005", name, outcome),
        (None, None, "E01000005", name, outcome),
        (None, None, "E01000005", name, outcome),
        (-0.09, 51.5125, None, name, outcome),
        (-0.09, 51.5125, "E01000005", name, "Lost in the post"),
        (-0.09, 51.5125, "E01000005", name, outcome),
    ]


def test_a_row_is_quarantined_once_however_many_rules_it_breaks(sandbox: Sandbox) -> None:
    month = "2019-01"
    sandbox.deliver(street(month, [row(month, 0), row(month, 1, Crime_type="", Crime_ID="x", Month="2019-02")]))
    sandbox.load()
    rules = ["CRIME_ID_FORMAT", "CRIME_TYPE_MISSING", "MONTH_NOT_OF_FILE"]
    messages = {rule.code: rule.message for rule in STREET.all_rules}
    found = sandbox.warehouse("select record_no, rules, messages from quarantine.rows")
    assert found == [(3, rules, [messages[code] for code in rules])]


def test_a_malformed_line_is_quarantined_by_its_number_without_its_text(sandbox: Sandbox) -> None:
    month = "2019-01"
    lines = text([row(month, 0, Location="On or near\nParking Area"), *rows(month, 2, first=1)]).decode().splitlines()
    # The first record stands on two lines, and is one record.
    lines.insert(4, "John Sample,one field too few")
    sandbox.deliver({f"{month}-kent-street.csv": "\n".join(lines).encode()})
    assert counts(sandbox.load()) == {f"{month}-kent-street.csv": (4, 3, 1, 0)}
    found = sandbox.warehouse("select record_no, rules, record from quarantine.rows")
    assert found == [(4, ["ROW_MALFORMED"], None)]
    assert sandbox.warehouse(
        "select rows_checked, rows_failed from ledger.rule_results where rule = 'ROW_MALFORMED'"
    ) == [(4, 1)]


def limits() -> Iterator[tuple[str, list[Row], tuple[Any, ...], str]]:
    """Month, rows, expected counts, expected fate: around the share of bad rows that rejects a file."""
    cases = (
        (10, 40, "accepted"),  # exactly 20 per cent
        (10, 39, "TOO_MANY_BAD_ROWS"),
        (9, 0, "accepted"),  # all of them, but under 10 rows
        (10, 0, "TOO_MANY_BAD_ROWS"),
        (11, 44, "accepted"),
        (11, 43, "TOO_MANY_BAD_ROWS"),
    )
    for number, (bad, good, fate) in enumerate(cases, start=1):
        month = f"2018-{number:02}"
        content = [*rows(month, bad, **BAD), *rows(month, good, first=bad)]
        received = bad + good
        expected = (received, good, bad, 0) if fate == "accepted" else (received, 0, 0, received)
        yield month, content, expected, fate


def test_a_file_is_rejected_for_more_than_a_fifth_and_at_least_ten_bad_rows(sandbox: Sandbox) -> None:
    for month, content, _, _ in limits():
        sandbox.deliver(street(month, content))
    summary = sandbox.load()
    found = {
        f.slice: ((f.received, f.accepted, f.quarantined, f.rejected), f.reason_code or f.state) for f in summary.files
    }
    assert found == {month: (expected, fate) for month, _, expected, fate in limits()}
    reason = next(file.reason for file in summary.files if file.slice == "2018-02")
    assert reason == ("10 of 49 rows break a critical rule, more than 20 %: the file as a whole cannot be trusted")
    # Nothing of a rejected file is anywhere.
    assert sandbox.warehouse("select count(*) from raw.police_uk_street") == [(84,)]
    assert sandbox.warehouse("select count(*) from quarantine.rows") == [(30,)]


def test_malformed_lines_count_towards_the_share(sandbox: Sandbox) -> None:
    month = "2019-01"
    content = text(rows(month, 39)) + b"too,few\n" * 10
    sandbox.deliver({f"{month}-kent-street.csv": content})
    assert fates(sandbox.load()) == {f"{month}-kent-street.csv": "TOO_MANY_BAD_ROWS"}


class TestConflicts:
    """Two files with other content that claim the same extract: the first loaded stands."""

    def test_the_first_path_of_a_run_stands_and_keeps_standing(self, sandbox: Sandbox) -> None:
        month = "2019-01"
        sandbox.deliver({**street(month, rows(month, 3), folder="b/"), **street(month, rows(month, 4), folder="a/")})
        name = f"{month}/{month}-city-of-london-street.csv"
        assert fates(sandbox.load()) == {f"a/{name}": "accepted", f"b/{name}": "EXTRACT_CONFLICT"}
        # A third content claims the same; the second is there again.
        sandbox.deliver({**street(month, rows(month, 5), folder="0/"), **street(month, rows(month, 3), folder="c/")})
        again = sandbox.load()
        assert fates(again) == {f"0/{name}": "EXTRACT_CONFLICT"}
        assert (again.repeats, again.exit_code) == (1, 3)
        found = sandbox.warehouse(
            "select received, accepted, quarantined, rejected, state from ledger.deliveries order by all"
        )
        assert found == [(3, 0, 0, 3, "rejected"), (4, 4, 0, 0, "accepted"), (5, 0, 0, 5, "rejected")]

    def test_a_file_that_is_rejected_itself_stands_for_nothing(self, sandbox: Sandbox) -> None:
        month = "2019-01"
        sandbox.deliver(
            {**street(month, rows(month, 10, **BAD), folder="a/"), **street(month, rows(month, 3), folder="b/")}
        )
        name = f"{month}/{month}-city-of-london-street.csv"
        assert fates(sandbox.load()) == {f"a/{name}": "TOO_MANY_BAD_ROWS", f"b/{name}": "accepted"}

    def test_forces_dates_and_months_apart_do_not_conflict(self, sandbox: Sandbox) -> None:
        january, february = "2019-01", "2019-02"
        sandbox.deliver(
            {
                **street(january, rows(january, 3)),
                **street(january, rows(january, 3, SAMPLE), SAMPLE),
                **street(february, rows(february, 3)),
                **street(january, rows(january, 4), folder="published-2019-06/"),
            }
        )
        assert set(fates(sandbox.load()).values()) == {"accepted"}


class TestRepeats:
    """The same delivery seen again is passed over, wherever it lies; under a later date it is a new one."""

    def test_the_same_bytes_elsewhere_are_no_new_delivery(self, sandbox: Sandbox) -> None:
        month = "2019-01"
        one = street(month, rows(month, 3))
        sandbox.deliver({**one, **{f"copy/{name}": content for name, content in one.items()}})
        first = sandbox.load()
        assert (len(first.files), first.repeats) == (1, 1)
        before = held(sandbox)
        sandbox.deliver({"all.zip": archive(one), **{f"third/{name}": content for name, content in one.items()}})
        second = sandbox.load()
        assert (second.files, second.repeats) == ([], 2)
        assert held(sandbox) == before

    def test_the_same_bytes_published_later_are_a_new_delivery(self, sandbox: Sandbox) -> None:
        month = "2019-01"
        sandbox.deliver({**street(month, rows(month, 3)), **street(month, rows(month, 3), folder="published-2019-06/")})
        summary = sandbox.load()
        assert [(str(file.extract_date), file.state) for file in summary.files] == [
            ("2019-03-31", "accepted"),
            ("2019-06-30", "accepted"),
        ]

    def test_empty_files_of_two_forces_are_two(self, sandbox: Sandbox) -> None:
        month = "2019-01"
        sandbox.deliver({**street(month, []), **street(month, [], SAMPLE)})
        assert list(fates(sandbox.load()).values()) == ["NO_ROWS", "NO_ROWS"]
        assert sandbox.warehouse("select count(*) from ledger.deliveries") == [(2,)]

    def test_misnamed_files_are_each_in_the_ledger(self, sandbox: Sandbox) -> None:
        content = text(rows("2019-01", 3))
        for number, name in enumerate(("2019-13-kent-street.csv", "2019-14-kent-street.csv"), start=1):
            sandbox.deliver({name: content})
            assert fates(sandbox.load()) == {name: "NAME_DATE"}
            assert sandbox.warehouse("select count(*) from ledger.deliveries") == [(number,)]


class TestAChangedContract:
    """What was rejected under another contract is judged again; what was accepted stays as it is."""

    def test_a_file_rejected_for_its_share_is_judged_again(self, sandbox: Sandbox) -> None:
        month = "2019-01"
        sandbox.deliver(street(month, [*rows(month, 10, **BAD), *rows(month, 10, first=10)]))
        assert sandbox.load().exit_code == 3
        sandbox.contracts = changed(delivery=STREET.delivery.model_dump() | {"max_quarantined_share": 0.5})
        again = sandbox.load()
        assert list(counts(again).values()) == [(20, 10, 10, 0)]
        assert again.exit_code == 0
        assert sandbox.warehouse("select state, accepted from ledger.deliveries") == [("accepted", 10)]
        results = sandbox.warehouse("select max(n) from (select count(*) as n from ledger.rule_results group by rule)")
        assert results == [(1,)]

    def test_a_file_without_a_column_is_judged_again(self, sandbox: Sandbox) -> None:
        month = "2019-01"
        header = [name for name in HEADER if name != "Context"]
        sandbox.deliver({f"{month}-kent-street.csv": text(rows(month, 3), header)})
        assert fates(sandbox.load()) == {f"{month}-kent-street.csv": "COLUMN_MISSING"}
        columns = [c.model_dump() | ({"supplied": False} if c.name == "context" else {}) for c in STREET.columns]
        sandbox.contracts = changed(columns=columns)
        assert counts(sandbox.load()) == {f"{month}-kent-street.csv": (3, 3, 0, 0)}
        assert sandbox.warehouse("select state from ledger.deliveries") == [("accepted",)]

    def test_a_conflict_is_judged_again_and_stays_one(self, sandbox: Sandbox) -> None:
        month = "2019-01"
        sandbox.deliver({**street(month, rows(month, 3), folder="a/"), **street(month, rows(month, 4), folder="b/")})
        sandbox.load()
        sandbox.contracts = changed(owner="Somebody else")
        assert list(fates(sandbox.load()).values()) == ["EXTRACT_CONFLICT"]
        assert sandbox.warehouse("select state, count(*) from ledger.deliveries group by all order by all") == [
            ("accepted", 1),
            ("rejected", 1),
        ]

    def test_a_file_rejected_in_another_way_replaces_its_old_entry(self, sandbox: Sandbox) -> None:
        month = "2019-01"
        sandbox.deliver(street(month, rows(month, 12, **BAD)))
        sandbox.load()
        columns = [c.model_dump() for c in STREET.columns]
        columns.append({"name": "beat", "type": "text", "description": "The beat of the place"})
        sandbox.contracts = changed(columns=columns)
        assert list(fates(sandbox.load()).values()) == ["COLUMN_MISSING"]
        assert sandbox.warehouse("select reason_code from ledger.deliveries") == [("COLUMN_MISSING",)]

    def test_an_accepted_file_is_not_read_again(self, sandbox: Sandbox) -> None:
        sandbox.deliver(street("2019-01", rows("2019-01", 3)))
        sandbox.load()
        before = held(sandbox)
        sandbox.contracts = changed(owner="Somebody else")
        again = sandbox.load()
        assert (again.files, again.repeats) == ([], 0)
        assert held(sandbox) == before

    def test_a_new_column_is_null_in_what_was_loaded_before(self, sandbox: Sandbox) -> None:
        sandbox.deliver(street("2019-01", rows("2019-01", 3)))
        sandbox.load()
        columns = [c.model_dump() for c in STREET.columns]
        columns.append({"name": "beat", "type": "int", "description": "The beat of the place"})
        sandbox.contracts = changed(columns=columns)
        new = [{**r, "Beat": "7"} for r in rows("2019-02", 2)]
        sandbox.deliver({"2019-02-kent-street.csv": text(new, [*HEADER, "Beat"])})
        sandbox.load()
        found = sandbox.warehouse("select beat, count(*) from raw.police_uk_street group by all order by all")
        assert found == [(7, 2), (None, 3)]


class TestArchivesRejectedAsAWhole:
    """An archive that cannot be trusted is one rejected delivery of a source that nobody knows; the rest loads."""

    def test_it_is_in_the_ledger_and_told_once(self, sandbox: Sandbox) -> None:
        sandbox.deliver({"2019-03.zip": b"no archive", **street("2019-01", rows("2019-01", 3))})
        first = sandbox.load()
        assert [(f.source, f.file_name, f.reason_code) for f in first.rejected] == [
            ("unknown", "2019-03.zip", "ARCHIVE_UNREADABLE")
        ]
        assert first.exit_code == 3
        assert len(first.files) == 2
        columns = "source, force, slice, extract_date, received, accepted, quarantined, rejected, state"
        assert sandbox.warehouse(f"select {columns} from ledger.deliveries where source = 'unknown'") == [
            ("unknown", None, None, None, None, 0, 0, None, "rejected")
        ]
        assert sandbox.nothing_to_do() is False  # nothing has been published here
        assert sandbox.load().exit_code == 0

    def test_a_copy_of_it_is_told_no_second_time(self, sandbox: Sandbox) -> None:
        sandbox.deliver({"2019-03.zip": b"no archive"})
        assert sandbox.load().exit_code == 3
        sandbox.deliver({"copy/2019-03.zip": b"no archive"})
        assert sandbox.load().exit_code == 0
        assert sandbox.warehouse("select count(*) from ledger.deliveries") == [(1,)]

    def test_a_change_of_a_contract_is_no_reason_to_tell_it_again(self, sandbox: Sandbox) -> None:
        sandbox.deliver({"2019-03.zip": b"no archive"})
        sandbox.load()
        sandbox.contracts = changed(owner="Somebody else")
        assert sandbox.load().exit_code == 0
        assert sandbox.warehouse("select count(*) from ledger.deliveries") == [(1,)]


class TestOneTransaction:
    """A load that fails at any step leaves everything as it was, and says nothing of the data."""

    @pytest.mark.parametrize("step", ["_record_deliveries", "_fill_quarantine", "prove_the_sums"])
    def test_a_failure_after_a_step_leaves_nothing(self, step: str, waiting: Sandbox) -> None:
        before = held(waiting)
        does = getattr(load, step)

        def fail(*args: Any) -> None:
            does(*args)
            raise duckdb.ConversionException("Could not convert string 'John Sample' to INT64")

        with patch.object(load, step, fail), pytest.raises(SaferCityError) as raised:
            waiting.load()
        told = "police_uk_street: loading failed (ConversionException); nothing of it was loaded"
        assert str(raised.value) == told
        assert raised.value.__suppress_context__
        assert raised.value.__cause__ is None
        assert held(waiting) == before
        assert waiting.warehouse(
            "select state, message from ledger.runs order by started_at desc, rowid desc limit 1"
        ) == [("failed", told)]

    @pytest.mark.parametrize("step", ["fill_raw", "_fill_quarantine"])
    def test_rows_that_get_lost_are_found_out(self, step: str, waiting: Sandbox) -> None:
        before = held(waiting)
        with patch.object(load, step, lambda *args: None), pytest.raises(SaferCityError, match="do not add up"):
            waiting.load()
        assert held(waiting) == before

    def test_rows_that_are_loaded_twice_are_found_out(self, waiting: Sandbox) -> None:
        before = held(waiting)
        fill = load.fill_raw

        def twice(contract: Contract, connection: duckdb.DuckDBPyConnection, rows: str) -> None:
            fill(contract, connection, rows)
            fill(contract, connection, rows)

        with patch.object(load, "fill_raw", twice), pytest.raises(SaferCityError, match="do not add up"):
            waiting.load()
        assert held(waiting) == before

    def test_and_the_next_run_loads_it(self, tmp_path: Path, waiting: Sandbox) -> None:
        copy = waiting.copy(tmp_path)
        copy.deliver(not_yet_loaded())
        assert list(counts(copy.load()).values()) == [(4, 3, 1, 0)]


def test_a_few_sources_only_leave_the_others_for_a_run_that_reads_them(sandbox: Sandbox) -> None:
    """A file of a source that this run is not for is not taken as seen."""
    other = STREET.model_dump() | {"source": "police_uk_other", "delivery": STREET.delivery.model_dump()}
    other["delivery"] = other["delivery"] | {"suffix": "other"}
    sandbox.contracts = {"police_uk_other": Contract.model_validate(other), "police_uk_street": STREET}
    files: Files = street("2019-01", rows("2019-01", 3))
    files["2019-01/2019-01-kent-other.csv"] = text(rows("2019-01", 2))
    files["both.zip"] = archive(
        {"2019-02-kent-other.csv": text(rows("2019-02", 2)), "2019-02-kent-street.csv": text(rows("2019-02", 4))}
    )
    sandbox.deliver(files)
    first = sandbox.load(sources=["police_uk_street"])
    assert {(f.source, f.slice) for f in first.files} == {
        ("police_uk_street", "2019-01"),
        ("police_uk_street", "2019-02"),
    }
    second = sandbox.load(sources=["police_uk_other"])
    assert {(f.source, f.slice) for f in second.files} == {
        ("police_uk_other", "2019-01"),
        ("police_uk_other", "2019-02"),
    }
    assert sandbox.load().files == []
