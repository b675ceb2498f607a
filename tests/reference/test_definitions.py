"""A definition of the marts that is changed breaks figures that name it."""

from fnmatch import fnmatchcase

import pytest

from tests.marts.compiled import Project
from tests.reference.definitions import HELD, QUICK, UNHELD, Change, Members
from tests.reference.world import REFERENCE, Definitions, World, relations_of, unmet

CHANGED_MEMBERS = """
    select exists (
      (from changed.seeds.measure_members except all from warehouse.seeds.measure_members)
      union all
      (from warehouse.seeds.measure_members except all from changed.seeds.measure_members)
    )
"""


@pytest.fixture(scope="module")
def definitions(project: Project) -> Definitions:
    """The definitions as they are."""
    return Definitions(project)


def name(change: Change | Members) -> str:
    """The name of a case."""
    return change.name


@pytest.mark.parametrize(
    "change",
    [*QUICK, *(pytest.param(change, marks=pytest.mark.slow) for change in HELD if change not in QUICK)],
    ids=lambda change: change.name,
)
def test_a_changed_definition_breaks_figures_that_name_it(
    change: Change | Members, world: World, definitions: Definitions
) -> None:
    named = figures_of(change)
    assert unmet_when(change, named, world, definitions), f"none of {', '.join(named)} differs"


@pytest.mark.slow
@pytest.mark.parametrize("change", UNHELD, ids=name)
def test_what_docs_say_that_no_figure_holds(change: Change | Members, world: World, definitions: Definitions) -> None:
    """Where one does, move the change to those that are held, and out of docs/figures.md."""
    assert unmet_when(change, figures_of(change), world, definitions) == {}


def test_a_definition_that_moved_is_said_to_have(definitions: Definitions) -> None:
    for relation, said in (("marts.crimes", "no longer has the text"), ("marts.nothing", "nothing is called")):
        with pytest.raises(AssertionError, match=said):
            Change("moved", "*", relation, "no such text", "").made_in(definitions.statements)


def test_names_differ() -> None:
    names = [change.name for change in (*HELD, *UNHELD)]
    assert len(set(names)) == len(names)


def figures_of(change: Change | Members) -> list[str]:
    """The figures that a change names."""
    named: list[str] = []
    for pattern in change.figures.split():
        matching = [figure_id for figure_id in REFERENCE.questions if fnmatchcase(figure_id, pattern)]
        assert matching, f"no figure is asked by the id {pattern}"
        named += matching
    return named


def unmet_when(
    change: Change | Members, figure_ids: list[str], world: World, definitions: Definitions
) -> dict[str, str | None]:
    """Those of the figures that are not reproduced when the definition is changed."""
    with world.opened() as connection:
        definitions.make(connection, change.made_in(definitions.statements), relations_of(figure_ids))
        if isinstance(change, Members):
            assert connection.execute(CHANGED_MEMBERS).fetchall() == [(True,)], "no member of a measure has changed"
        return unmet(connection, figure_ids)
