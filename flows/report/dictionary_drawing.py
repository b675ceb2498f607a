"""A drawing of what is behind a table: one box for each relation, in columns from what was delivered to the mart."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from flows.lineage import GIVEN

COLUMNS = {
    "Delivered, noted or given": GIVEN,
    "Staging": ("staging",),
    "Intermediate": ("intermediate",),
    "Marts": ("marts",),
}
"""Head → the schemas of the relations below it."""

WIDTH, HEIGHT, STEP, GAP, HEAD = 232, 20, 26, 56, 24


def drawn(behind: Mapping[str, frozenset[str]], subject: str, order: list[str]) -> str:
    """SVG of relation → the relations behind it; empty where there is nothing behind.

    `order` has the relations in the order in which they are built, so that within a column what is behind stands above.
    """
    if len(behind) < 2:
        return ""
    rank = {name: at for at, name in enumerate(order)}
    placed: dict[str, tuple[int, int]] = {}
    columns = [
        sorted(
            (name for name in behind if name.partition(".")[0] in schemas), key=lambda name: (rank.get(name, -1), name)
        )
        for schemas in COLUMNS.values()
    ]
    heads = [head for head, names in zip(COLUMNS, columns, strict=True) if names]
    columns = [names for names in columns if names]
    for across, names in enumerate(columns):
        for down, name in enumerate(names):
            placed[name] = (GAP + across * (WIDTH + GAP), HEAD + down * STEP)
    width = len(columns) * (WIDTH + GAP) + 8
    height = HEAD + max(map(len, columns)) * STEP
    parts = [f'<path d="{_line(placed[of], placed[name])}"/>' for name in behind for of in sorted(behind[name])]
    for across, head in enumerate(heads):
        parts.append(f'<text class="head" x="{GAP + across * (WIDTH + GAP)}" y="12">{escape(head)}</text>')
    for name, (x, y) in placed.items():
        kind = ' class="subject"' if name == subject else ""
        parts.append(f'<rect{kind} x="{x}" y="{y}" width="{WIDTH}" height="{HEIGHT}"/>')
        parts.append(f'<text x="{x + 6}" y="{y + 14}">{escape(label(name))}</text>')
    return (
        f'<svg class="lineage" role="img" aria-label="{escape(in_words(behind, subject))}"'
        f' viewBox="0 0 {width} {height}" width="{width}" height="{height}">{"".join(parts)}</svg>'
    )


def in_words(behind: Mapping[str, frozenset[str]], subject: str) -> str:
    """What the drawing shows, for whoever cannot see it: the list beside it has every line."""
    given = sorted(label(name) for name in behind if name.partition(".")[0] in GIVEN)
    between = len(behind) - len(given) - 1
    models = f"over {between} model{'' if between == 1 else 's'}" if between else "directly"
    return f"{label(subject)} is made {models} from {', '.join(given) or 'no delivery'}; each step is in the list below"


def _line(of: tuple[int, int], to: tuple[int, int]) -> str:
    """From the right side of a box to the left side of another; within a column, round the left side of both."""
    (x, y), (to_x, to_y) = of, to
    y, to_y = y + HEIGHT // 2, to_y + HEIGHT // 2
    if x == to_x:
        bend = min(GAP - 10, 10 + abs(to_y - y) // 6)
        return f"M{x} {y}C{x - bend} {y} {x - bend} {to_y} {to_x} {to_y}"
    start = x + WIDTH
    if to_x < x:
        start, to_x = x, to_x + WIDTH
    middle = (start + to_x) // 2
    return f"M{start} {y}C{middle} {y} {middle} {to_y} {to_x} {to_y}"


def label(name: str) -> str:
    """A relation by its name; what is no model with where it lies, since sources and marts share names."""
    schema, _, table = name.partition(".")
    return {"raw": f"delivered: {table}", "ledger": f"ledger: {table}", "seeds": f"reference: {table}"}.get(
        schema, table
    )
