"""One row per record_source, force, measure and window of months: whether anti-social behaviour goes up or down."""

from collections.abc import Iterator
from dataclasses import asdict, fields
from typing import Any

import duckdb

from flows.trend import WINDOWS, Trend, trend

COLUMNS = """
    record_source varchar,
    force varchar,
    measure varchar,
    window_months integer,
    window_from date,
    window_to date,
    slope double,
    p_value double,
    mann_kendall_s bigint,
    mann_kendall_p double,
    dispersion double,
    verdict varchar
"""


def model(dbt: Any, session: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyRelation:
    """Typed by COLUMNS, also where there is no row at all."""
    dbt.config(materialized="table")
    rows = list(trends(dbt.ref("asb_performance")))
    return session.sql(f"select unnest(cast($rows as struct({COLUMNS})[]), recursive := true)", params={"rows": rows})


def trends(performance: duckdb.DuckDBPyRelation) -> Iterator[dict[str, Any]]:
    """A window that a series does not fill has no row; one with a month that did not arrive has no figures."""
    keys = "record_source, force, measure"
    series = performance.aggregate(f"{keys}, list(month order by month), list(offences order by month)", keys)
    for record_source, force, measure, months, counts in series.fetchall():
        for window in WINDOWS:
            if window > len(counts):
                continue
            seen = counts[-window:]
            yield {
                "record_source": record_source,
                "force": force,
                "measure": measure,
                "window_months": window,
                "window_from": months[-window],
                "window_to": months[-1],
                **(dict.fromkeys(field.name for field in fields(Trend)) if None in seen else asdict(trend(seen))),
            }
