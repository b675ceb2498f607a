"""One row per force, quarter, breakdown and value: what of int_prevent_referrals__counts may be known."""

from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any

import duckdb

from flows.disclosure import disclose

COLUMNS = """
    force varchar,
    period_from date,
    period_to date,
    breakdown varchar,
    breakdown_no integer,
    value varchar,
    value_no integer,
    referrals bigint,
    disclosure varchar
"""


def model(dbt: Any, session: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyRelation:
    """Typed by COLUMNS, also where there is no row at all."""
    dbt.config(materialized="table")
    rows = list(published(dbt.ref("int_prevent_referrals__counts")))
    return session.sql(f"select unnest(cast($rows as struct({COLUMNS})[]), recursive := true)", params={"rows": rows})


def published(counts: duckdb.DuckDBPyRelation) -> Iterator[dict[str, Any]]:
    """Each quarter of a force is a table of its own: its first breakdown is the total of the others."""
    of_quarter, of_breakdown = itemgetter("force", "period_from"), itemgetter("breakdown_no")
    in_order = counts.order("force, period_from, breakdown_no, value_no")
    rows = [dict(zip(in_order.columns, row, strict=True)) for row in in_order.fetchall()]
    for _, quarter in groupby(rows, of_quarter):
        (total, *_), *breakdowns = [list(breakdown) for _, breakdown in groupby(quarter, of_breakdown)]
        if total["referrals"] is None:
            for row in [total, *(row for breakdown in breakdowns for row in breakdown)]:
                yield row | {"disclosure": "not_available"}
            continue
        table = disclose(total["referrals"], [[row["referrals"] for row in breakdown] for breakdown in breakdowns])
        for breakdown, cells in zip([[total], *breakdowns], [[table.total], *table.breakdowns], strict=True):
            for row, cell in zip(breakdown, cells, strict=True):
                yield row | {"referrals": cell.count, "disclosure": cell.disclosure}
