"""backup and restore: what is restored elsewhere builds the same release."""

import json
from pathlib import Path

import pytest

from flows import ledger
from tests.cli.conftest import Safercity
from tests.faults.batches import second_batch
from tests.faults.sandbox import Sandbox


@pytest.fixture
def kept(safercity: Safercity, published_copy: Sandbox) -> Path:
    """A backup of a warehouse that has published."""
    folder = published_copy.folder / "backup"
    ended = safercity(published_copy, "backup", str(folder))
    assert ended.code == 0
    assert ended.out.startswith("Backed up ")
    return folder


def test_a_restore_elsewhere_builds_the_same_and_goes_on(
    safercity: Safercity, kept: Path, published: Sandbox, both_batches: Sandbox, tmp_path: Path
) -> None:
    elsewhere = Sandbox(tmp_path / "elsewhere")
    elsewhere.landing.mkdir(parents=True)
    ended = safercity(elsewhere, "restore", str(kept))
    assert ended.code == 0, ended.err
    assert "Restored " in ended.out
    for table in ("quarantine.rows", "raw.police_uk_street", "ledger.deliveries", "ledger.rule_results"):
        assert elsewhere.warehouse(f"select count(*) from {table}") == published.warehouse(
            f"select count(*) from {table}"
        )
    assert not elsewhere.nothing_to_do()
    elsewhere.run()
    assert elsewhere.differences(published) == {}
    # It knows what it has had, and takes what comes next.
    elsewhere.deliver(second_batch())
    elsewhere.run()
    assert elsewhere.differences(both_batches) == {}


def test_the_manifest_says_what_is_there(kept: Path, published: Sandbox) -> None:
    manifest = json.loads((kept / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["layout_version"] == ledger.SCHEMA_VERSION
    assert {file.name for file in kept.iterdir()} == {
        "manifest.json",
        *(f"{name}.parquet" for name in manifest["tables"]),
    }
    for name, table in manifest["tables"].items():
        assert [(table["rows"],)] == published.warehouse(f"select count(*) from {name}")
        assert table["bytes"] == (kept / f"{name}.parquet").stat().st_size
    assert {"raw.crimes", "quarantine.rows", "ledger.deliveries"} <= set(manifest["tables"])


def refused(safercity: Safercity, folder: Path, kept: Path) -> str:
    """What a restore into an empty data folder says."""
    return safercity(Sandbox(folder), "restore", str(kept)).error


def test_a_damaged_file_is_refused(safercity: Safercity, kept: Path, tmp_path: Path) -> None:
    file = kept / "ledger.deliveries.parquet"
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(bytes(content))
    assert refused(safercity, tmp_path / "new", kept) == (
        f"{kept} cannot be trusted: ledger.deliveries.parquet is not as it was written"
    )
    assert not Sandbox(tmp_path / "new").paths.warehouse.exists()


def test_a_missing_file_is_refused(safercity: Safercity, kept: Path, tmp_path: Path) -> None:
    (kept / "raw.crimes.parquet").unlink()
    assert refused(safercity, tmp_path / "new", kept) == f"{kept} is not whole: raw.crimes.parquet is missing"


def test_no_backup(safercity: Safercity, tmp_path: Path) -> None:
    assert refused(safercity, tmp_path / "new", tmp_path).startswith(f"{tmp_path} holds no backup")


def test_one_that_a_newer_program_made_is_refused(safercity: Safercity, kept: Path, tmp_path: Path) -> None:
    manifest = kept / "manifest.json"
    content = json.loads(manifest.read_text(encoding="utf-8"))
    manifest.write_text(json.dumps(content | {"layout_version": 99}), encoding="utf-8")
    assert refused(safercity, tmp_path / "new", kept).startswith(
        f"{kept} has layout version 99, and this program knows"
    )


def test_a_warehouse_is_never_written_over(safercity: Safercity, kept: Path, published_copy: Sandbox) -> None:
    assert safercity(published_copy, "restore", str(kept)).error.startswith("there is a warehouse already: ")


def test_a_backup_needs_a_new_folder_and_a_warehouse(
    safercity: Safercity, kept: Path, published_copy: Sandbox, tmp_path: Path
) -> None:
    assert safercity(published_copy, "backup", str(kept)).error.startswith(f"{kept} is not empty")
    nothing = Sandbox(tmp_path / "nothing")
    assert safercity(nothing, "backup", str(tmp_path / "b")).error.startswith("there is no warehouse in ")
