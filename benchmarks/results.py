"""What was measured, by work and contender, and what follows from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from landing import size_mb
from measure import Measurement, say
from served import Check


@dataclass
class Results:
    """All measurements.

    `measured`: work → contender → repetitions. `disk`: the same, MiB that it left behind. `files`, `rows` and
    `release_mb`: work → what was loaded, in words; rows received; MiB of the published file. `equal`: work → contender
    → rows per table that was found equal. `different`: work → contender → what differed. `queries`: scale → kind → name
    → milliseconds. `bad`: content → stage → measurement.
    """

    machine: dict[str, str]
    peers: dict[str, str]
    measured: dict[str, dict[str, list[Measurement]]] = field(default_factory=dict)
    disk: dict[str, dict[str, float]] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    release_mb: dict[str, float] = field(default_factory=dict)
    equal: dict[str, dict[str, dict[str, int]]] = field(default_factory=dict)
    different: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    served: list[Check] = field(default_factory=list)
    queries: dict[str, dict[str, Any]] = field(default_factory=dict)
    bad: dict[str, dict[str, Any]] = field(default_factory=dict)
    skipped: list[str] = field(default_factory=list)

    def add(self, work: str, contender: str, measurement: Measurement, left: Path) -> None:
        """Keep a measurement, and say it."""
        self.measured.setdefault(work, {}).setdefault(contender, []).append(measurement)
        self.disk.setdefault(work, {})[contender] = size_mb(left)
        say(f"  {work}, {contender}: {measurement.wall:.1f} s")

    def compared(self, work: str, contender: str, rows: dict[str, int], wrong: list[str]) -> None:
        """Keep whether a contender came to the same."""
        self.equal.setdefault(work, {})[contender] = rows
        if wrong:
            self.different.setdefault(work, {})[contender] = wrong
        say(f"  {work}, {contender}: {'; '.join(wrong) or 'equal'}")

    def describe(self, work: str, files: Path) -> None:
        """Keep how much is loaded."""
        paths = [path for path in files.rglob("*") if path.is_file()]
        self.files[work] = f"{len(paths):,} files, {sum(path.stat().st_size for path in paths) / 1024**2:,.0f} MB"

    def weigh(self, work: str, rows: int, release_bytes: int) -> None:
        """Keep how many rows the pipeline received, and how large the file is that it published."""
        self.rows[work] = rows
        self.release_mb[work] = release_bytes / 1024**2

    def skip(self, why: str) -> None:
        """Keep what was not measured."""
        self.skipped.append(why)

    def contenders(self) -> set[str]:
        """Everyone who was measured."""
        return {contender for by_contender in self.measured.values() for contender in by_contender}

    def differs(self) -> bool:
        """Whether some results were not the same."""
        return bool(self.different)

    def values(self, work: str, contender: str, value: Callable[[Measurement], float | None]) -> list[float]:
        """A value over the repetitions; empty where it was not measured."""
        found = map(value, self.measured.get(work, {}).get(contender, []))
        return [each for each in found if each is not None]

    def median(self, work: str, contender: str, value: Callable[[Measurement], float | None]) -> float | None:
        """Its median; None where it was not measured."""
        values = self.values(work, contender, value)
        return median(values) if values else None

    def apart(self, work: str, contender: str, value: Callable[[Measurement], float | None]) -> float | None:
        """Its median apart from the fixed start-up, which is that of one row."""
        whole, one_row = self.median(work, contender, value), self.median(f"{work}, one row", contender, value)
        return None if whole is None or one_row is None else whole - one_row

    def stage(self, work: str, contender: str, *stages: str) -> float | None:
        """Median of the sum of stages; None where it was not measured."""
        return self.median(work, contender, lambda m: sum(m.stages.get(stage, 0.0) for stage in stages))

    def as_dict(self) -> dict[str, Any]:
        """Everything, for a script."""
        return asdict(self)
