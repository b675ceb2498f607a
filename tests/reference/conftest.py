"""What the tests of the published figures share: the sample, loaded and built once in the session."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.sandbox import Sandbox
from tests.marts.compiled import Project
from tests.marts.conftest import project
from tests.reference.world import World, make_world

__all__ = ["project"]

Once = Callable[[str, Callable[[Path], object]], Path]


@pytest.fixture(scope="session")
def world(demo: tuple[Sandbox, object]) -> World:
    """What `safercity demo` loads and publishes; look, but do not touch."""
    sandbox, _ = demo
    return World(sandbox.data, sandbox.paths.published_database.resolve())


@pytest.fixture(scope="session")
def other_world(once: Once, project: Project) -> World:
    """The same sample with another seed."""
    folder = once("sample_2", lambda folder: make_world(folder, project, seed=2))
    return World(folder / "data", folder / "release.duckdb")
