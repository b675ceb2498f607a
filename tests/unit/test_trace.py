"""What a column is made of, read out of SQL: each case worked out by hand."""

from __future__ import annotations

import pytest

from flows.lineage import Origin
from flows.operate.trace import Schema, Traced, UntraceableError, trace

SCHEMA: Schema = {
    "raw": {
        "crimes": dict.fromkeys(["number", "class", "status", "recorded_at", "force"], "varchar"),
        "notices": dict.fromkeys(["number", "issued_on", "force"], "varchar"),
    },
    "seeds": {"classes": dict.fromkeys(["class", "title"], "varchar")},
    "staging": {"spans": dict.fromkeys(["source", "month", "number"], "varchar")},
}
CRIMES, NOTICES, CLASSES, SPANS = "raw.crimes", "raw.notices", "seeds.classes", "staging.spans"


def traced(sql: str, parts: dict[str, set[str]] | None = None) -> Traced:
    """A query traced."""
    return trace(sql, SCHEMA, parts or {})


def origin(sql: str, parts: dict[str, set[str]] | None = None) -> Origin | None:
    """The origin of the one column of a query."""
    [found] = traced(sql, parts).columns.values()
    return found


def made(shows: str = "", decides: str = "", counts: str = "") -> Origin:
    """An origin by the names in it."""
    return Origin(frozenset(shows.split()), frozenset(decides.split()), frozenset(counts.split()))


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        pytest.param("select class from raw.crimes", made("raw.crimes.class"), id="as it is"),
        pytest.param("from raw.crimes as c select c.class as of", made("raw.crimes.class"), id="under another name"),
        pytest.param("select force from raw.crimes", made("raw.crimes.force"), id="force is no keyword"),
        pytest.param("select 'crimes' as source", made(), id="a text"),
        pytest.param(
            "select status || class as of from raw.crimes",
            made("raw.crimes.status raw.crimes.class"),
            id="worked out from two",
        ),
        pytest.param("select month from (from range(3) as months (month))", made(), id="a table function"),
        pytest.param(
            "with a as (select class as b from raw.crimes), c as (from a) select b as d from c",
            made("raw.crimes.class"),
            id="through queries by name",
        ),
        pytest.param(
            "select * exclude (number, issued_on) from raw.notices", made("raw.notices.force"), id="all but some"
        ),
        pytest.param(
            "select class from raw.crimes where status = 'open'", made("raw.crimes.class"), id="a filter makes no value"
        ),
        pytest.param(
            "select case when status = 'open' then class end as of from raw.crimes",
            made("raw.crimes.class", "raw.crimes.status"),
            id="a condition decides",
        ),
        pytest.param(
            "select if(status = 'open', class, number) as of from raw.crimes",
            made("raw.crimes.class raw.crimes.number", "raw.crimes.status"),
            id="if",
        ),
        pytest.param(
            "select lag(class) over (partition by number order by recorded_at) as of from raw.crimes",
            made("raw.crimes.class", "raw.crimes.number raw.crimes.recorded_at"),
            id="a window decides",
        ),
        pytest.param("select count(*) as of from raw.crimes", made(counts="raw.crimes"), id="rows are counted"),
        pytest.param(
            "select count(*) filter (where status = 'open') as of from raw.crimes where class = 'x'",
            made("", "raw.crimes.status raw.crimes.class", "raw.crimes"),
            id="rows that conditions choose",
        ),
        pytest.param(
            "select n from (select class, count(*) as n from raw.crimes group by all)",
            made("", "raw.crimes.class", "raw.crimes"),
            id="rows of each group",
        ),
        pytest.param(
            "select count(*) over (order by number) as of from raw.crimes",
            made("", "raw.crimes.number"),
            id="a running number counts nobody's rows",
        ),
        pytest.param(
            "select list(class order by recorded_at) as of from raw.crimes",
            made("raw.crimes.class", "raw.crimes.recorded_at"),
            id="in an order",
        ),
        pytest.param(
            "select classes.title from raw.crimes as c left join seeds.classes on c.class = classes.class",
            made("seeds.classes.title", "raw.crimes.class"),
            id="looked up",
        ),
        pytest.param(
            "select class from raw.crimes union all select class from seeds.classes",
            made("raw.crimes.class seeds.classes.class"),
            id="one of two",
        ),
        pytest.param(
            "select 1 as a, class as b from raw.crimes union all by name select status as b, 2 as a from raw.crimes",
            None,
            id="by name",
        ),
        pytest.param(
            "select exists (select 1 from raw.notices as n where n.number = c.number) as of from raw.crimes as c",
            made("", "raw.notices.number raw.crimes.number"),
            id="a query that looks at the one around it",
        ),
        pytest.param(
            "select unnest([class, status]) as of from raw.crimes",
            made("raw.crimes.class raw.crimes.status"),
            id="one of a list",
        ),
        pytest.param(
            "select of from raw.crimes, unnest([class]) as each (of)", made("raw.crimes.class"), id="rows of a list"
        ),
        pytest.param(
            "select class from raw.crimes qualify row_number() over (partition by number order by recorded_at) = 1",
            made("raw.crimes.class"),
            id="qualify",
        ),
    ],
)
def test_a_column(sql: str, expected: Origin | None) -> None:
    if expected is None:
        assert traced(sql).columns == {"a": made(), "b": made("raw.crimes.class raw.crimes.status")}
    else:
        assert origin(sql) == expected


BOTH = (
    "select 'crimes' as source, cast(recorded_at as date) as month from raw.crimes"
    " union all select 'notices', issued_on from raw.notices"
)


class TestParts:
    """A relation of several sources, taken apart by the column `source`."""

    def test_a_union_of_sources_is_taken_apart(self) -> None:
        found = traced(BOTH)
        assert found.columns["month"] == made("raw.crimes.recorded_at raw.notices.issued_on")
        assert {source: of["month"] for source, of in found.parts.items()} == {
            "crimes": made("raw.crimes.recorded_at"),
            "notices": made("raw.notices.issued_on"),
        }

    def test_a_query_of_one_source_has_that_part(self) -> None:
        assert origin(f"select month from ({BOTH}) where source = 'notices'") == made("raw.notices.issued_on")

    def test_a_relation_that_is_known_in_parts_is_asked_for_one(self) -> None:
        parts = {SPANS: {"crimes"}}
        asked = "select month from staging.spans where number = 1 and source = 'crimes'"
        assert origin(asked, parts) == made("staging.spans[crimes].month")
        assert origin(asked) == made("staging.spans.month")
        assert origin(asked.replace("crimes", "others"), parts) == made("staging.spans.month")
        either = "select month from staging.spans where source = 'crimes' or number = 1"
        assert origin(either, parts) == made("staging.spans.month")

    def test_the_source_is_passed_on_by_whoever_has_it_as_it_is(self) -> None:
        passed_on = "select source, max(month) as month from staging.spans group by source"
        found = traced(passed_on, {SPANS: {"crimes", "notices"}})
        assert set(found.parts) == {"crimes", "notices"}
        assert found.parts["crimes"]["month"] == made("staging.spans[crimes].month", "staging.spans[crimes].source")
        assert (
            traced(passed_on.replace("select source", "select upper(source) as source"), {SPANS: {"crimes"}}).parts
            == {}
        )

    def test_one_that_is_joined_by_its_source_is_narrowed_too(self) -> None:
        joined = (
            "select one.month from staging.spans as one"
            " inner join staging.spans as other on one.source = other.source where other.source = 'crimes'"
        )
        assert origin(joined, {SPANS: {"crimes"}}) == made(
            "staging.spans[crimes].month",
        )

    @pytest.mark.parametrize(
        ("narrowed", "shows"),
        [("one", "staging.spans.month"), ("other", "staging.spans.month staging.spans[crimes].month")],
    )
    def test_a_left_join_narrows_only_what_is_joined_in(self, narrowed: str, shows: str) -> None:
        joined = (
            "select one.month || other.month as of from staging.spans as one"
            f" left join staging.spans as other on one.number = other.number and {narrowed}.source = 'crimes'"
        )
        found = origin(joined, {SPANS: {"crimes"}})
        assert found
        assert found.shows == set(shows.split())


class TestWhatCannotBeRead:
    """It is said, and nothing is guessed."""

    def test_a_column_that_is_unknown(self) -> None:
        with pytest.raises(UntraceableError):
            traced("select colour from raw.crimes")

    def test_no_sql(self) -> None:
        with pytest.raises(UntraceableError):
            traced("select ((")

    def test_no_query(self) -> None:
        with pytest.raises(UntraceableError):
            traced("drop table raw.crimes")
