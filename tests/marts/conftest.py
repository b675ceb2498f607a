"""What the tests of the marts share."""

import fcntl
from pathlib import Path

import pytest

from flows.settings import quiet_environment
from tests.marts.compiled import Project, compile_project


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Project:
    """The compiled dbt project; of several workers one compiles it and the others wait for it."""
    quiet_environment()
    folder = tmp_path_factory.getbasetemp()
    if worker_id != "master":
        folder = folder.parent
    return _compiled_once(folder)


def _compiled_once(folder: Path) -> Project:
    saved = folder / "dbt_project.json"
    with (folder / "dbt_project.lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not saved.exists():
            compile_project(folder / "dbt_project").save(saved)
    return Project.saved(saved)
