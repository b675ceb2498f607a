"""A small file system of a test's own, which can be filled to the last byte or made read-only."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import pytest

from flows.runs import Run

MEGABYTE = 1 << 20


@dataclass(frozen=True)
class Disk:
    """A file system that is mounted at `folder`."""

    folder: Path

    @property
    def filler(self) -> Path:
        """The file that takes up the room."""
        return self.folder / "filler"

    def fill(self) -> None:
        """Leave room for nothing."""
        with self.filler.open("ab") as filler, suppress(OSError):
            for size in (MEGABYTE, 4096):
                with suppress(OSError):
                    while True:
                        os.posix_fallocate(filler.fileno(), filler.seek(0, os.SEEK_END), size)

    def leave(self, megabytes: int) -> None:
        """Leave room for so much."""
        free = shutil.disk_usage(self.folder).free
        with self.filler.open("ab") as filler:
            os.posix_fallocate(filler.fileno(), 0, free - megabytes * MEGABYTE)

    def clear(self) -> None:
        """Make room again."""
        self.filler.unlink()

    def remount(self, option: str) -> None:
        """Take no writes (`ro`), or take them again (`rw`)."""
        subprocess.run(["mount", "-o", f"remount,{option}", self.folder], check=True)


@contextmanager
def small_disk(folder: Path, megabytes: int = 100) -> Iterator[Disk]:
    """A file system of this size, in memory. Skips the test where this user may not mount one."""
    folder.mkdir(parents=True)
    try:
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", folder],
            check=True,
            capture_output=True,
            text=True,
        )
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"a file system cannot be mounted here: {getattr(error, 'stderr', '') or error}")
    try:
        yield Disk(folder)
    finally:
        # dbt keeps its log open to the end of the process.
        subprocess.run(["umount", "--lazy", folder], check=True)


@contextmanager
def full_in(stage: str, disk: Disk) -> Iterator[None]:
    """Have the disk be full as soon as a stage begins; reading, once it is known what there is to read."""
    timed = Run.timed
    looks = iter([stage == "extract"])

    @contextmanager
    def timed_and_filled(run: Run, name: str) -> Iterator[None]:
        with timed(run, name):
            if name == stage and not next(looks, False):
                disk.fill()
            yield

    with patch.object(Run, "timed", timed_and_filled):
        yield


@contextmanager
def full_while_building(disk: Disk) -> Iterator[None]:
    """Have the disk be full when dbt has built its first node."""
    from flows import pipeline  # not sooner: in a command, Prefect is set up before it is imported

    say = pipeline.say

    def say_and_fill(what: str, done: int, total: int | None = None) -> None:
        if what == "building and testing":
            disk.fill()
        say(what, done, total)

    with patch.object(pipeline, "say", say_and_fill):
        yield
