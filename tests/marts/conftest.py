"""What the tests of the marts share."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.marts.compiled import Project, compile_project


@pytest.fixture(scope="session")
def project(once: Callable[[str, Callable[[Path], object]], Path]) -> Project:
    """The dbt project, compiled once for all tests of the session."""
    folder = once("compiled", lambda empty: compile_project(empty / "data").save(empty / "project.json"))
    return Project.saved(folder / "project.json")
