"""The sample as a whole: what every source writes, together."""

from datetime import date
from pathlib import Path

import pytest

from flows.errors import UsageError
from flows.sample import SOURCES, write_sample
from flows.sample.crimes import write_crimes
from flows.sample.police_uk import write_police_uk
from flows.sample.source import write_source


def files_below(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_holds_what_each_source_writes(tmp_path: Path) -> None:
    written = write_sample(tmp_path / "all", scale=0.02)
    write_police_uk(tmp_path / "each", scale=0.02, through=date(2019, 9, 10))
    write_crimes(tmp_path / "each/crimes", scale=0.02)
    for source in SOURCES:
        write_source(source, tmp_path / "each" / source.name, seed=1, scale=0.02, through=date(2019, 9, 10))
    assert files_below(tmp_path / "all") == files_below(tmp_path / "each")
    assert written == sorted(path for path in (tmp_path / "all").rglob("*") if path.is_file())


def test_passes_its_arguments_on(tmp_path: Path) -> None:
    write_sample(tmp_path / "all", seed=7, scale=0.01, through=date(2017, 1, 31))
    write_police_uk(tmp_path / "each", seed=7, scale=0.01, through=date(2017, 1, 31))
    write_crimes(tmp_path / "each/crimes", seed=7, scale=0.01, through=date(2017, 1, 31))
    for source in SOURCES:
        write_source(source, tmp_path / "each" / source.name, seed=7, scale=0.01, through=date(2017, 1, 31))
    assert files_below(tmp_path / "all") == files_below(tmp_path / "each")


def test_argument_without_sense_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="above 0"):
        write_sample(tmp_path, scale=0.0)
    assert not list(tmp_path.iterdir())
