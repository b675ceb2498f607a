"""erase: one record leaves everything that the tool holds, the sums go on holding, and it stays out."""

from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from flows import audit_log, erasures, releases
from flows.contracts import load_contracts
from flows.errors import SaferCityError, UsageError
from flows.operate import erase
from flows.sample import TEST_HMAC_KEY
from tests.cli.conftest import Safercity
from tests.faults import crimes, street
from tests.faults.sandbox import Sandbox, without_prefect
from tests.faults.street import Files
from tests.faults.test_personal_data import found_below

KEY = "CR/00003/19"
"""In raw by the extract of February, and in quarantine by that of March."""

CONTRACTS = load_contracts()
SUMS = "select received, accepted, quarantined, rejected from ledger.deliveries where file_name = '{}'"
WHERE = "where source = 'crimes' and record['crime_number'] = '{}'"


@pytest.fixture(autouse=True)
def _without_server() -> Iterator[None]:
    """The flows are called as the functions that they are."""

    def call(_settings: object, flow: Callable[[Any], object]) -> object:
        from flows import pipeline

        with without_prefect({}), patch.object(pipeline, "publish_anew", pipeline.publish_anew.fn):
            return flow(pipeline)

    with patch.object(import_module("flows.cli.main"), "through_prefect", call):
        yield


@pytest.fixture(scope="module")
def loaded_once(tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    """A warehouse with two extracts of crimes in raw and quarantine; nothing is built."""
    sandbox = Sandbox(tmp_path_factory.mktemp("loaded"))
    sandbox.deliver(crimes.first_extracts())
    sandbox.load()
    return sandbox


@pytest.fixture
def loaded(loaded_once: Sandbox, tmp_path: Path) -> Sandbox:
    """The same, for a test that changes it. Its landing folder is empty."""
    copied = loaded_once.copy(tmp_path)
    copied.given = {"hmac_key": TEST_HMAC_KEY}
    return copied


def take_out(sandbox: Sandbox, key: str = KEY) -> erase.Erased:
    """The first step of an erasure, as if the process had died after it."""
    with sandbox.patched():
        return erase.take_out(sandbox.settings, CONTRACTS["crimes"], key)


def never_delivered(files: Files) -> Files:
    """The files without the record."""
    january = [row for row in crimes.january() if row["crime_number"] != KEY]
    february = [row for row in crimes.february() if row["crime_number"] != KEY]
    return files | {"crimes_2019-02-07.csv": crimes.text(january), "crimes_2019-03-07.csv": crimes.text(february)}


def test_nothing_that_the_tool_holds_has_it_any_more(
    safercity: Safercity, published_copy: Sandbox, tmp_path: Path
) -> None:
    erased_from = published_copy
    erased_from.given = {"hmac_key": TEST_HMAC_KEY}
    backup = tmp_path / "backup"
    assert safercity(erased_from, "backup", str(backup)).code == 0
    before = releases.current(erased_from.paths)
    assert before is not None
    assert list(found_below(erased_from.data, [KEY]))

    taken = take_out(erased_from)  # and there it dies
    assert (taken.from_raw, taken.from_quarantine) == (1, 1)
    assert not erased_from.nothing_to_do()
    told = safercity(erased_from, "housekeeping", "--dry-run").lines[-1]
    assert told == "An erasure of a record of crimes was not finished: give the same safercity erase again."
    with pytest.raises(SaferCityError, match="no release has been made since"), erased_from.patched():
        erase.finish(erased_from.settings, taken)

    ended = safercity(erased_from, "erase", "crimes", KEY, "--reason", "Request 17", "--yes")
    assert ended.code == 0, ended.err
    after = releases.current(erased_from.paths)
    assert after is not None
    assert [item.release_id for item in releases.on_disk(erased_from.paths)] == [after.release_id]
    assert ended.lines[0] == "Taken out: 0 rows of raw.crimes, 0 of quarantine"
    assert ended.lines[1] == f"Published: {after.release_id}, without it. Releases removed: 1"
    assert [line.rpartition("/")[2] for line in ended.lines if line.startswith("  ")] == [
        "crimes_2019-02-07.csv",
        "crimes_2019-03-07.csv",
        "backup",
    ]
    assert list(found_below(erased_from.data, [KEY])) == []
    acts = [line for line in audit_log.read(erased_from.paths) if line.act == "erase"]
    mark = erasures.mark("crimes", KEY, TEST_HMAC_KEY.encode())
    assert [(line.what, line.reason) for line in acts] == [(f"one record of crimes, mark {mark}", "Request 17")]
    assert erased_from.warehouse("select source, mark, finished_at is not null from ledger.erasures") == [
        ("crimes", mark, True)
    ]

    # What is published is what would be, had it never been delivered; but for what was found in the files, which are
    # others.
    clean = Sandbox(tmp_path / "clean")
    clean.deliver(never_delivered(street.first_batch() | crimes.first_extracts()))
    clean.run()
    assert set(erased_from.differences(clean)) <= {"deliveries", "data_quality", "drift"}
    sums = "select file_name, received, accepted, quarantined, loaded, unchanged from marts.deliveries order by all"
    assert erased_from.marts(sums) == clean.marts(sums)
    assert erased_from.nothing_to_do()


def test_the_sums_hold_without_it(loaded: Sandbox) -> None:
    [january] = loaded.warehouse(SUMS.format("crimes_2019-02-07.csv"))
    [february] = loaded.warehouse(SUMS.format("crimes_2019-03-07.csv"))
    failed = "select sum(rows_failed) from ledger.rule_results where severity = 'critical'"
    [(failures,)] = loaded.warehouse(failed)
    taken = take_out(loaded)
    assert (taken.from_raw, taken.from_quarantine) == (1, 1)
    assert loaded.warehouse(SUMS.format("crimes_2019-02-07.csv")) == [(january[0] - 1, january[1] - 1, *january[2:])]
    assert loaded.warehouse(SUMS.format("crimes_2019-03-07.csv")) == [
        (february[0] - 1, february[1], february[2] - 1, february[3])
    ]
    assert loaded.warehouse(failed) == [(failures - 1,)]
    assert loaded.warehouse(f"select count(*) from raw.crimes where crime_number = '{KEY}'") == [(0,)]
    assert loaded.warehouse(f"select count(*) from quarantine.rows {WHERE.format(KEY)}") == [(0,)]
    assert loaded.warehouse("select sum(rows), count(*) from ledger.erased_rows") == [(2, 2)]


def test_every_copy_of_a_contradiction_goes(loaded: Sandbox) -> None:
    taken = take_out(loaded, "CR/00040/19")
    assert (taken.from_raw, taken.from_quarantine) == (0, 2)


def test_it_stays_out_of_what_arrives_later(loaded: Sandbox) -> None:
    take_out(loaded)
    again = [*crimes.rows("2019-04-02", 700, 2), crimes.row(3, "2019-01-12"), crimes.row(3, "2019-01-12")]
    bad = [*crimes.rows("2019-05-02", 800, 2), crimes.row(3, "2019-01-12", status="mislaid")]
    loaded.deliver({"crimes_2019-04-07.csv": crimes.text(again), "crimes_2019-05-07.csv": crimes.text(bad)})
    loaded.load()
    assert loaded.warehouse(SUMS.format("crimes_2019-04-07.csv")) == [(2, 2, 0, 0)]
    assert loaded.warehouse(SUMS.format("crimes_2019-05-07.csv")) == [(2, 2, 0, 0)]
    assert loaded.warehouse(f"select count(*) from raw.crimes where crime_number = '{KEY}'") == [(0,)]
    assert loaded.warehouse(f"select count(*) from quarantine.rows {WHERE.format(KEY)}") == [(0,)]
    assert loaded.warehouse(
        "select file_name, rows from ledger.erased_rows inner join ledger.deliveries using (delivery_id) order by all"
    ) == [
        ("crimes_2019-02-07.csv", 1),
        ("crimes_2019-03-07.csv", 1),
        ("crimes_2019-04-07.csv", 2),
        ("crimes_2019-05-07.csv", 1),
    ]
    failed = (
        "select sum(rows_failed) from ledger.rule_results inner join ledger.deliveries using (delivery_id)"
        " where file_name = 'crimes_2019-05-07.csv' and severity = 'critical'"
    )
    assert loaded.warehouse(failed) == [(0,)]


@pytest.mark.parametrize("key", [None, "another key"], ids=["no key", "another key"])
def test_without_its_key_nothing_is_loaded(key: str | None, loaded: Sandbox) -> None:
    take_out(loaded)
    loaded.given = {"hmac_key": key} if key else {}
    loaded.deliver({"crimes_2019-04-07.csv": crimes.text(crimes.rows("2019-04-02", 700, 2))})
    with pytest.raises(UsageError, match=r"records of crimes were erased, .*: set SAFERCITY_HMAC_KEY to it"):
        loaded.load()
    if key:
        with pytest.raises(UsageError, match="not the key with which records were erased before"):
            take_out(loaded, "CR/00004/19")


def test_other_sources_need_no_key(loaded: Sandbox) -> None:
    take_out(loaded)
    loaded.given = {}
    loaded.deliver(street.street("2019-01", street.rows("2019-01", 3)))
    loaded.load()
    assert loaded.warehouse("select count(*) from raw.police_uk_street") == [(3,)]


def test_a_failure_changes_nothing(loaded: Sandbox) -> None:
    held = loaded.warehouse("select count(*), sum(hash(columns(*))) from raw.crimes")
    broken = patch.object(erase, "prove_the_sums", side_effect=SaferCityError("do not add up"))
    with broken, pytest.raises(SaferCityError, match="do not add up"):
        take_out(loaded)
    assert loaded.warehouse("select count(*), sum(hash(columns(*))) from raw.crimes") == held
    assert loaded.warehouse("from ledger.erasures") == []


REASON = ("--reason", "Request 17")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("crime", KEY, *REASON, "--yes"), "no contract for crime; the sources are: "),
        (("crimes", " ", *REASON, "--yes"), "give the key of the record"),
        (("crimes", KEY, "--reason", f"{KEY.lower()} was deleted", "--yes"), "the reason is kept"),
        (("crimes", KEY, *REASON), "nothing was erased: all releases but a new one will be removed"),
        (("crimes", "cr/00003/19", *REASON, "--yes"), "the warehouse holds no row of crimes with this key"),
    ],
    ids=["source", "blank", "reason", "not confirmed", "unknown"],
)
def test_what_is_refused(arguments: tuple[str, ...], said: str, safercity: Safercity, loaded: Sandbox) -> None:
    ended = safercity(loaded, "erase", *arguments)
    assert ended.code == 2
    assert ended.error.startswith(said)
    assert loaded.warehouse(f"select count(*) from raw.crimes where crime_number = '{KEY}'") == [(1,)]


def test_it_takes_a_key(safercity: Safercity, loaded: Sandbox) -> None:
    loaded.given = {}
    ended = safercity(loaded, "erase", "crimes", KEY, *REASON, "--yes")
    assert ended.error.startswith("an erased record is kept out by a keyed hash, and there is no key")
