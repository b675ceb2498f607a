"""On a schedule, for nights on end: whatever happens, the marts are those of one clean run, and people are told of it.

What each night brings and implies is in `nights.py`, how it is lived through in `soak.py`.
"""

import logging
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from statistics import fmean, median

import pytest
from scipy.stats import theilslopes

from flows.operate.compact import LEAST_FREE_BYTES
from tests.faults.commands import refused
from tests.faults.disks import Disk, small_disk
from tests.faults.nights import SHORT, SIXTY, Night
from tests.faults.sandbox import Sandbox
from tests.faults.soak import Measured, Soak

log = logging.getLogger(__name__)

pytestmark = [
    pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="this system has no /proc to find children in"),
]


@pytest.fixture
def soak(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Soak]:
    """A soak at the beginning of its first night."""
    clock = sandbox.folder / "now"
    monkeypatch.setenv("SAFERCITY_NOW", f"@{clock}")
    with ExitStack() as stack:
        yield Soak(sandbox, clock, own_disk(stack, sandbox.data), stack)


def own_disk(stack: ExitStack, folder: Path) -> Disk | None:
    """A file system for the data folder, where this user may mount one."""
    try:
        return stack.enter_context(small_disk(folder, megabytes=600))
    except pytest.skip.Exception:
        return None


@pytest.mark.timeout(900)
def test_four_nights(soak: Soak, tmp_path: Path) -> None:
    live_through(SHORT, soak)
    compare_with_one_run(SHORT, soak, tmp_path)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_sixty_nights(soak: Soak, tmp_path: Path) -> None:
    live_through(SIXTY, soak)
    tell_figures(soak)
    clean = compare_with_one_run(SIXTY, soak, tmp_path)
    usual = [measured for measured in soak.measured if measured.work != "otherwise"]
    for work in sorted({measured.work for measured in usual}):
        alike = [measured for measured in usual if measured.work == work]
        if len(alike) >= 5:
            risen = rises([(one.number, one.seconds) for one in alike])
            assert risen < 0.2, f"runs over {work} take longer and longer: {risen:.0%} from the first to the last"
    # Of the file, what is not used is never more than what compaction leaves alone.
    used, used_by_one_run = used_bytes(soak.sandbox), used_bytes(clean)
    assert used < 1.25 * used_by_one_run, (
        f"{used:,} bytes are used after sixty nights, {used_by_one_run:,} after one run"
    )
    assert soak.sandbox.paths.warehouse.stat().st_size < used + LEAST_FREE_BYTES


def used_bytes(sandbox: Sandbox) -> int:
    """Bytes of the warehouse that are not free."""
    return sandbox.warehouse("select block_size * used_blocks from pragma_database_size()")[0][0]


def live_through(nights: Sequence[Night], soak: Soak) -> None:
    """Live through nights one after the other; then nothing runs any more, and nobody has met with an error."""
    for night in nights:
        needs_disk = night.trouble in ("the disk is nearly full", "the disk is full")
        soak.live(replace(night, trouble=None) if needs_disk and soak.disk is None else night)
    assert soak.under_way() == []
    assert soak.reader
    seen = soak.reader.stopped()
    assert seen[-1] == soak.sandbox.paths.current.readlink().name, f"a reader met {seen}"
    soak.end()
    assert refused(soak.notes) == ""
    assert not soak.told()


def compare_with_one_run(nights: Sequence[Night], soak: Soak, tmp_path: Path) -> Sandbox:
    """See that all is as after one clean run over everything that arrived; returns the sandbox of that run."""
    clean = Sandbox(tmp_path / "clean", today=nights[-1].day)
    shutil.copytree(soak.sandbox.landing, clean.landing)
    clean.run()
    assert soak.sandbox.differences(clean) == {}
    [(killed,)] = soak.sandbox.warehouse("select count(*) from ledger.runs where state = 'killed'")
    assert killed >= sum((night.trouble or "").startswith("the machine stops") for night in nights)
    return clean


def rises(points: Sequence[tuple[int, float]]) -> float:
    """By which part of the median these have risen at least from the first night to the last; robust against outliers.

    Theil and Sen's slope over the nights, the lower end of its 95 % interval.
    """
    nights, values = zip(*points, strict=True)
    _, _, low_slope, _ = theilslopes(values, nights, alpha=0.95)
    return low_slope * (nights[-1] - nights[0]) / median(values)


def tell_figures(soak: Soak) -> None:
    """Say what docs/operating.md tells of the soak."""

    def ten(measured: Sequence[Measured]) -> str:
        return f"{fmean(one.seconds for one in measured):.1f} s, {measured[-1].bytes / 1e6:.1f} MB"

    loading = [one for one in soak.measured if one.work == "support_bus_attendances"]
    log.warning(
        "kills %d; first ten nights %s; last ten %s; a bus: first five %s, last five %s; nights %s",
        soak.kills,
        ten(soak.measured[:10]),
        ten(soak.measured[-10:]),
        ten(loading[:5]),
        ten(loading[-5:]),
        [(one.number, one.work, round(one.seconds, 1), one.bytes) for one in soak.measured],
    )
