"""demo: the sample, from nothing to figures, through Prefect in processes of its own."""

from pathlib import Path
from subprocess import CompletedProcess

from tests.faults.commands import imported, refused
from tests.faults.commands import safercity as command
from tests.faults.sandbox import Sandbox

# One worker makes it for them and for the tests of the published figures. To find nothing to do is to hold the
# warehouse for a moment, so they must not run side by side.


def test_twice(demo: tuple[Sandbox, "CompletedProcess[str]"], tmp_path: Path) -> None:
    """The first time is that of the tests of the published figures."""
    sandbox, first = demo
    assert (first.returncode, first.stderr) == (0, "")
    assert refused(sandbox.folder / "notes") == ""
    for part in ("What was loaded", "Rejected files", "Rules that rows broke", "Seconds: ", "Try: "):
        assert part in first.stdout
    assert str(sandbox.paths.published_database) in first.stdout
    counted = sandbox.marts("select count(*), count(distinct force) from marts.violence_performance")
    assert counted[0][0] > 100
    assert counted[0][1] == 2
    [(changed, rejected)] = sandbox.marts(
        "select count(*) filter (where not first_published),"
        " (select count(*) from marts.deliveries where state = 'rejected') from marts.restatements"
    )
    assert changed > 0
    assert rejected == 2
    second = command(sandbox, "demo", notes=tmp_path / "notes")
    assert second.returncode == 0
    assert second.stdout.startswith("Nothing to do: no new delivery in ")
    assert "prefect" not in imported(tmp_path / "notes")
