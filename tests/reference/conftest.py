"""What the tests of the published figures share: the sample as deliveries, loaded and built once in the session."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.marts.compiled import Project
from tests.marts.conftest import project
from tests.reference.world import World, make_world

__all__ = ["project"]

Once = Callable[[str, Callable[[Path], object]], Path]


@pytest.fixture(scope="session")
def world(once: Once, project: Project) -> World:
    """The sample as `safercity demo` writes it, loaded and built; look, but do not touch."""
    return World(once("sample_1", lambda folder: make_world(folder, project, seed=1)))


@pytest.fixture(scope="session")
def other_world(once: Once, project: Project) -> World:
    """The same with another seed."""
    return World(once("sample_2", lambda folder: make_world(folder, project, seed=2)))
