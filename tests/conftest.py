"""What all tests share: an environment without settings of whoever runs them, and a published release to look at."""

import fcntl
import gc
import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CompletedProcess
from unittest.mock import patch

import pytest

from flows.contracts import Contract
from flows.releases import Release
from flows.settings import Settings, quiet_environment
from flows.stages import publish
from tests.faults.batches import first_batch, second_batch
from tests.faults.commands import safercity
from tests.faults.sandbox import Sandbox
from tests.lean_dbt import audited, lean_dbt

Demo = tuple[Sandbox, "CompletedProcess[str]"]

gc.set_threshold(50_000, 20, 100)
"""Python looks for cycles less often: dbt and Great Expectations keep so much that looking is a sixth of the time."""


@pytest.fixture(scope="session", autouse=True)
def _environment(shared_folder: Path) -> Iterator[None]:
    """No setting of the person who runs the tests counts, and nothing that a library keeps lands in their home."""
    with pytest.MonkeyPatch.context() as environment:
        for name in list(os.environ):
            if name.startswith(("SAFERCITY_", "PREFECT_", "DBT_")):
                environment.delenv(name)
        environment.setenv("PREFECT_HOME", str(shared_folder / "prefect"))
        quiet_environment()
        with lean_dbt():
            yield


@pytest.fixture(autouse=True)
def _settings_of_its_own() -> Iterator[None]:
    """A test that leaves a setting behind fails itself, not those that come after it in the process."""

    def settings() -> dict[str, str]:
        given = {name: value for name, value in os.environ.items() if name.startswith("SAFERCITY_")}
        return {name: value for name, value in given.items() if not name.startswith("SAFERCITY_DBT_")}

    before = settings()
    yield
    left = settings()
    if left != before:
        for name in left.keys() - before.keys():
            del os.environ[name]
        os.environ.update(before)
        pytest.fail(f"the test leaves other settings behind than it found: {sorted(left.items() ^ before.items())}")


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A temporary folder that all worker processes of the session share."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@pytest.fixture(scope="session")
def once(shared_folder: Path) -> Callable[[str, Callable[[Path], object]], Path]:
    """Makes a folder once in the session: one worker process does, the others wait for it."""

    def made_once(name: str, make: Callable[[Path], object]) -> Path:
        folder, made = shared_folder / name, shared_folder / f"{name}.made"
        with (shared_folder / f"{name}.lock").open("w", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not made.exists():
                folder.mkdir()
                make(folder)
                made.touch()
        return folder

    return made_once


@pytest.fixture
def sandbox(tmp_path: Path) -> Sandbox:
    """An empty warehouse of the test's own."""
    return Sandbox(tmp_path)


@pytest.fixture(scope="session")
def published(once: Callable[[str, Callable[[Path], object]], Path]) -> Sandbox:
    """A warehouse with the first batch loaded and published; look, but do not touch.

    The folder `built` beside its data is the release as dbt had built it, before it was published.
    """

    def make(folder: Path) -> None:
        made = Sandbox(folder)
        made.deliver(first_batch())
        finish = publish.publish

        def keep_and_publish(settings: Settings, contracts: dict[str, Contract], **given: str) -> Release:
            shutil.copytree(settings.paths.building, folder / "built")
            return finish(settings, contracts, **given)

        with patch.object(publish, "publish", keep_and_publish), audited():
            made.run()

    return Sandbox(once("published", make))


@pytest.fixture(scope="session")
def both_batches(once: Callable[[str, Callable[[Path], object]], Path]) -> Sandbox:
    """A warehouse with both batches loaded in one run and published; look, but do not touch."""

    def make(folder: Path) -> None:
        made = Sandbox(folder)
        made.deliver(first_batch() | second_batch())
        with audited():
            made.run()

    return Sandbox(once("both_batches", make))


@pytest.fixture(scope="session")
def demo(once: Callable[[str, Callable[[Path], object]], Path]) -> Demo:
    """`safercity demo` from nothing, and how it ended; look, but do not touch."""

    def make(folder: Path) -> None:
        ended = safercity(Sandbox(folder), "demo", notes=folder / "notes")
        told = [ended.returncode, ended.stdout, ended.stderr]
        (folder / "ended.json").write_text(json.dumps(told), encoding="utf-8")

    folder = once("demo", make)
    return Sandbox(folder), CompletedProcess("demo", *json.loads((folder / "ended.json").read_text(encoding="utf-8")))


@pytest.fixture
def published_copy(published: Sandbox, tmp_path: Path) -> Sandbox:
    """The same, for a test that changes it. Its landing folder is empty."""
    return published.copy(tmp_path)
