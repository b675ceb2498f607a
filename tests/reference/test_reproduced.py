"""The sample, taken through the stages, gives every published figure, whatever its seed."""

import pytest

from tests.reference.world import REFERENCE, World, unmet

pytestmark = pytest.mark.xdist_group("figures")


def test_every_figure_is_reproduced(world: World) -> None:
    assert len(REFERENCE.questions) == 403
    with world.opened() as connection:
        assert unmet(connection, list(REFERENCE.questions)) == {}
