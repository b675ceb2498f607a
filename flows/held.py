"""What is held in quarantine: whose it is, and for how long. Counts only, never a value."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date

import duckdb

AGES = ("0–7 days", "8–30 days", "31–90 days", "over 90 days")
"""Bands of the days that a row has been held."""


Counts = tuple[int, int, int, int]
"""Rows in each band of AGES."""


@dataclass(frozen=True)
class Held:
    """The rows of one source in quarantine that one owner has to put right, by the days since they were put there.

    A row that broke rules of two owners is held for both. `oldest_extract` is the earliest extract that one came with.
    """

    owner: str
    source: str
    rows_by_age: Counts
    held_since: date
    oldest_extract: date

    @property
    def rows(self) -> int:
        """All of them."""
        return sum(self.rows_by_age)


@dataclass(frozen=True)
class Quarantine:
    """All that is held: by owner and source, and together, where each row counts once."""

    held: list[Held] = field(default_factory=list)
    rows_by_age: Counts = (0, 0, 0, 0)

    @property
    def rows(self) -> int:
        """All rows."""
        return sum(self.rows_by_age)


def in_quarantine(connection: duckdb.DuckDBPyConnection, today: date, confidential: Collection[str]) -> Quarantine:
    """What the warehouse holds in quarantine.

    Sources that are confidential are left out, and so are revisions that a higher one replaced: nobody has to act.
    """
    rows = connection.execute(
        """
        with revisions as (
          select
            *,
            max(revision) over (partition by source, force, slice, extract_date) as highest_revision
          from ledger.deliveries
          where state = 'accepted' and not list_contains($confidential, source)
        ),

        broken as (
          select delivery_id, record_no, quarantined_at, unnest(rules) as rule
          from quarantine.rows
        ),

        owners as (select distinct delivery_id, rule, owner from ledger.rule_results),

        held as (
          select distinct
            owners.owner,
            revisions.source,
            (broken.delivery_id, broken.record_no) as row_id,
            revisions.extract_date,
            cast(broken.quarantined_at as date) as held_since,
            $today - cast(broken.quarantined_at as date) as days
          from broken
          inner join revisions on broken.delivery_id = revisions.delivery_id
          inner join owners on broken.delivery_id = owners.delivery_id and broken.rule = owners.rule
          where revisions.revision = revisions.highest_revision
        )

        select
          owner,
          source,
          count(distinct row_id) filter (days <= 7),
          count(distinct row_id) filter (days between 8 and 30),
          count(distinct row_id) filter (days between 31 and 90),
          count(distinct row_id) filter (days > 90),
          min(held_since),
          min(extract_date)
        from held
        group by grouping sets ((owner, source), ())
        order by owner nulls first, source
        """,
        {"today": today, "confidential": sorted(confidential)},
    ).fetchall()
    # With nothing held, the line of all together is there all the same.
    _, _, *together, _, _ = rows[0]
    lines = [
        Held(owner, source, (a, b, c, d), since, extract) for owner, source, a, b, c, d, since, extract in rows[1:]
    ]
    return Quarantine(lines, (together[0], together[1], together[2], together[3]))
