"""dbt parses the project once, for whatever data folder."""

import os
from pathlib import Path
from unittest.mock import patch

import pytest

from flows import warehouse
from flows.contracts import load_contracts
from flows.settings import Settings
from flows.stages import transform
from flows.stages.dbt_in_process import PARSE


def seed(folder: Path) -> os.stat_result:
    """Run dbt in a data folder of its own; what became of its parse."""
    settings = Settings(data=folder)
    settings.paths.make()
    warehouse.prepare(settings, load_contracts())
    transform.start_release_file(settings)
    [node] = transform.run_dbt(settings, ["seed", "--select", "measures"])
    assert node.status == "success"
    return (settings.paths.dbt_target / PARSE).stat()


@pytest.fixture
def kept_in(tmp_path: Path) -> Path:
    return tmp_path / "kept"


def test_another_data_folder_goes_on_from_the_last_parse(tmp_path: Path, kept_in: Path) -> None:
    with patch.object(transform, "PARSE_DIR", kept_in):
        seed(tmp_path / "one")
        kept = (kept_in / PARSE).stat()
        other = seed(tmp_path / "other")
    assert other.st_size == kept.st_size
    # What dbt parses it writes, and what it writes is kept.
    assert (kept_in / PARSE).stat().st_mtime_ns == kept.st_mtime_ns
    assert [file.name for file in kept_in.iterdir()] == [PARSE]


def test_where_the_project_cannot_be_written_each_data_folder_has_its_own(tmp_path: Path, kept_in: Path) -> None:
    kept_in.write_text("in the way", encoding="utf-8")
    with patch.object(transform, "PARSE_DIR", kept_in):
        assert seed(tmp_path / "one").st_size > 1_000_000
    assert kept_in.read_text(encoding="utf-8") == "in the way"
