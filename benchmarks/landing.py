"""The files that are loaded: copies in a folder of the benchmark, old enough that nothing waits for them to rest."""

from __future__ import annotations

import csv
import gzip
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from measure import BenchmarkError

PROJECT = Path(__file__).resolve().parents[1]
REAL = PROJECT.parent / "shared" / "real"
REAL_STREET = (REAL / "police_uk", REAL / "police_uk_revised")
BEFORE_THE_NEWEST = "2019-08-31"
"""The last day that the sample knows of before one more month arrives."""

WRITE = """
import sys
from datetime import date
from pathlib import Path
from flows.sample import write_sample
through = {"through": date.fromisoformat(sys.argv[3])} if sys.argv[3:] else {}
write_sample(Path(sys.argv[1]), scale=float(sys.argv[2]), **through)
"""


def copy_street(folders: Iterable[Path], target: Path) -> list[Path]:
    """Copy the street files below these folders, and nothing else; returns the copies, newest month last.

    Raises BenchmarkError when there are fewer than two.
    """
    copies = []
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.name.lower().endswith(("-street.csv", "-street.csv.gz")):
                copy = target / folder.name / path.relative_to(folder)
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, copy)
                copies.append(copy)
    if len(copies) < 2:
        raise BenchmarkError("fewer than two files YYYY-MM-<force>-street.csv[.gz] were given")
    let_rest(target)
    return sorted(copies, key=lambda path: path.name)


def write_sample(target: Path, scale: float, through: str | None = None) -> None:
    """Write the sample of every source, in a process of its own as memory is measured by process.

    Raises BenchmarkError when that fails.
    """
    arguments = [str(target), str(scale), *([through] if through else [])]
    environment = os.environ | {"PYTHONPATH": str(PROJECT)}
    done = subprocess.run(
        [sys.executable, "-c", WRITE, *arguments], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise BenchmarkError(f"the sample could not be written:\n{done.stderr[-2000:]}")
    let_rest(target)


def new_files(before: Path, after: Path) -> list[Path]:
    """The paths, relative to `after`, of the files that `before` does not have."""
    return [
        path.relative_to(after)
        for path in sorted(after.rglob("*"))
        if path.is_file() and not (before / path.relative_to(after)).exists()
    ]


def add(files: Iterable[Path], source: Path, target: Path) -> list[Path]:
    """Copy files, given relative to `source`, to the same places below `target`; returns the copies."""
    copies = []
    for file in files:
        copy = target / file
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source / file, copy)
        copies.append(copy)
    return copies


def sieve_crimes(source: Path, target: Path) -> int:
    """Copy the files of crimes without what each reader of CSV would take differently; returns the rows left.

    A line whose fields can't be told apart and one that holds a NUL are left out, and so is a column that no contract
    knows. What remains every contender reads alike, and the quarantine of lines is not what is compared here.
    """
    from bare_crimes import HEADER

    known, rows = HEADER.split(","), 0
    for path in sorted(source.rglob("crimes_*.csv")):
        copy = target / path.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        with path.open(encoding="utf-8", newline="") as read, copy.open("w", encoding="utf-8", newline="") as written:
            lines = csv.reader(read)
            writer = csv.writer(written, lineterminator="\n")
            header = next(lines)
            columns = known if set(known) <= set(header) else header
            places = [header.index(name) for name in columns]
            writer.writerow(columns)
            for line in lines:
                if len(line) == len(header) and not any("\0" in field or "\n" in field for field in line):
                    writer.writerow([line[place] for place in places])
                    rows += 1
    let_rest(target)
    return rows


def first_row(source: Path, target: Path) -> None:
    """Write a landing folder of one file with the header and the first row of another."""
    target.mkdir(parents=True, exist_ok=True)
    reader = gzip.open if source.suffix == ".gz" else open
    with reader(source, "rt", encoding="utf-8") as opened:
        written = opened.readline() + opened.readline()
    (target / source.name.removesuffix(".gz")).write_text(written, encoding="utf-8")
    let_rest(target)


def let_rest(folder: Path) -> None:
    """Date all files back by an hour: the pipeline waits for a file that looks as if it were still written."""
    then = time.time() - 3600
    for path in folder.rglob("*"):
        if path.is_file():
            os.utime(path, (then, then))


def size_mb(folder: Path) -> float:
    """What the files below a folder hold, in MiB; of a link only itself."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file() or path.is_symlink()) / 1024**2
