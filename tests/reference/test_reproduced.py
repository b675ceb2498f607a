"""The sample, taken through the stages, gives every published figure, whatever its seed."""

import duckdb
import pytest

from tests.reference.world import REFERENCE, World, unmet


def test_every_figure_is_reproduced(world: World) -> None:
    assert len(REFERENCE.questions) == 403
    with world.opened() as connection:
        assert unmet(connection, list(REFERENCE.questions)) == {}


@pytest.mark.slow
class TestAnotherSeed:
    """With another seed the figures are the same, and what no report tells is another world."""

    def test_every_figure_is_reproduced(self, other_world: World) -> None:
        with other_world.opened() as connection:
            assert unmet(connection, list(REFERENCE.questions)) == {}

    @pytest.mark.parametrize("table", ["crimes", "asb_incidents", "street_crimes", "vehicle_checks", "roads_notices"])
    def test_hardly_a_row_is_the_same(self, table: str, world: World, other_world: World) -> None:
        with both(world, other_world) as connection:
            same, rows = connection.execute(
                f"""
                select
                  (select count(*) from (from one.marts.{table} intersect all from other.marts.{table})),
                  (select count(*) from one.marts.{table})
                """
            ).fetchall()[0]
        assert rows > 5000
        assert same < rows / 100

    def test_hardly_a_crime_is_of_the_same_kind_time_and_street(self, world: World, other_world: World) -> None:
        told = "select class_code, committed_from, street from {}.marts.crimes where committed_from is not null"
        with both(world, other_world) as connection:
            same = connection.execute(f"{told.format('one')} intersect all {told.format('other')}").fetchall()
        assert len(same) < 200

    @pytest.mark.parametrize("measure", ["violence", "acquisitive_crime", "public_order", "asb"])
    def test_counts_that_no_report_tells_differ(self, measure: str, world: World, other_world: World) -> None:
        """Months before 2018: of some later ones the sample knows totals, which are the same for every seed."""
        theme = f"{measure}_performance"
        with both(world, other_world) as connection:
            [(same, months)] = connection.execute(
                f"""
                select count_if(one.offences = other.offences), count(*)
                from one.marts.{theme} as one
                inner join other.marts.{theme} as other using (record_source, force, measure, month)
                where record_source = 'force' and measure = $measure and month < date '2018-01-01'
                """,
                {"measure": measure},
            ).fetchall()
        assert months == 69
        assert same < months / 5


def both(world: World, other_world: World) -> duckdb.DuckDBPyConnection:
    """A connection that can read the releases of both."""
    connection = duckdb.connect()
    for name, made in (("one", world), ("other", other_world)):
        connection.execute(f"attach '{made.release}' as {name} (read_only)")
    return connection
