# ruff: noqa: INP001 (a script, no package)
"""Draw `control_chart.svg`, the picture in the README, from the published file of the demo.

    .venv/bin/python docs/images/control_chart.py

Every number in it comes from `marts.violence_performance` and its as-of macro; nothing is worked out here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from flows.operate import read
from flows.settings import Paths, load_settings

CHARTED = "record_source = 'police_uk' and force = 'City of London Police' and measure = 'violence'"
FROM, AS_OF = date(2016, 4, 1), date(2018, 6, 30)

QUERY = f"""
with now as (
  from marts.violence_performance where {CHARTED} and month >= date '{FROM}'
),
earlier as (
  from marts.violence_performance_as_of(date '{AS_OF}') where {CHARTED}
)
select
  now.month, now.offences, now.five_year_average, now.lower_limit, now.centre_line, now.upper_limit,
  now.signal is not null as has_signal,
  if(earlier.offences <> now.offences, earlier.offences, null) as known_earlier
from now left join earlier using (month)
order by now.month
"""
NEWEST = "select max(extract_date) from marts.deliveries where source = 'police_uk_street' and state = 'loaded'"

WIDTH, HEIGHT, TOP, BOTTOM, LEFT, RIGHT = 900, 420, 78, 36, 40, 150
INK, GREY, PALE, BLUE, RED = "#1f2933", "#6b7280", "#eef1f5", "#2563a8", "#c2410c"


def draw(paths: Paths) -> str:
    """The chart of the published release as SVG. Raises UsageError when nothing has been published."""
    rows = read.query(paths, QUERY).as_dicts()
    newest = read.query(paths, NEWEST).rows[0][0]
    top = max(max(row["offences"], row["upper_limit"] or 0) for row in rows) * 1.12
    step = (WIDTH - LEFT - RIGHT) / len(rows)

    def x(place: float) -> float:
        return round(LEFT + (place + 0.5) * step, 1)

    def y(value: float) -> float:
        return round(HEIGHT - BOTTOM - value / top * (HEIGHT - TOP - BOTTOM), 1)

    def column(name: str) -> list[Any]:
        return [row[name] for row in rows]

    limits = [_steps(column(name), x, y) for name in ("lower_limit", "upper_limit")]
    average = [(x(at), y(value)) for at, value in enumerate(column("five_year_average")) if value is not None]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-size="12" fill="{INK}"'
        ' font-family="system-ui, Segoe UI, Helvetica, Arial, sans-serif">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        f'<text x="{LEFT}" y="24" font-size="16" font-weight="600">'
        "Violence, City of London Police (sample data)</text>",
        f'<text x="{LEFT}" y="43" fill="{GREY}">Offences a month as known on {newest:%-d %B %Y}.'
        f' <tspan fill="{RED}">●</tspan> a signal: outside the limits, or one of the other tests for a change</text>',
        f'<path d="{_path(limits[0] + limits[1][::-1])} Z" fill="{PALE}"/>',
        *(_line(_path(points), GREY, "1", "4 3") for points in limits),
        _line(_path(_steps(column("centre_line"), x, y)), GREY, "1"),
        _line(_path(average), BLUE, "1.4", "2 2"),
        _line(_path([(x(at), y(value)) for at, value in enumerate(column("offences"))]), INK, "1.8"),
        *_axes(rows, top, x, y),
    ]
    for at, row in enumerate(rows):
        colour = RED if row["has_signal"] else INK
        parts.append(f'<circle cx="{x(at)}" cy="{y(row["offences"])}" r="3.4" fill="{colour}"/>')
    parts += _earlier(rows, x, y)
    parts += _labels(rows[-1], x(len(rows) - 1) + step / 2 + 8, y)
    return "\n".join([*parts, "</svg>", ""])


def _steps(values: Sequence[float], x: Callable[[float], float], y: Callable[[float], float]) -> list[Any]:
    """Each value as a level stretch, half a month to either side."""
    return [(x(at + side), y(value)) for at, value in enumerate(values) for side in (-0.5, 0.5)]


def _path(points: Sequence[tuple[float, float]]) -> str:
    return "M" + " L".join(f"{across},{down}" for across, down in points)


def _line(path: str, colour: str, width: str, dashes: str = "none") -> str:
    return f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="{width}" stroke-dasharray="{dashes}"/>'


def _axes(
    rows: Sequence[dict[str, Any]], top: float, x: Callable[[float], float], y: Callable[[float], float]
) -> list[str]:
    """Counts at the left; at the bottom each April and October."""
    counts = [
        f'<text x="{LEFT - 8}" y="{y(value) + 4}" text-anchor="end" fill="{GREY}">{value}</text>'
        for value in range(0, int(top), 40)
    ]
    months = [
        f'<text x="{x(at)}" y="{HEIGHT - 12}" text-anchor="middle" fill="{GREY}">{row["month"]:%b %Y}</text>'
        for at, row in enumerate(rows)
        if row["month"].month in (4, 10)
    ]
    return [_line(_path([(LEFT, y(0)), (WIDTH - RIGHT, y(0))]), GREY, "1"), *counts, *months]


def _earlier(rows: Sequence[dict[str, Any]], x: Callable[[float], float], y: Callable[[float], float]) -> list[str]:
    """Hollow circles where the count was another one on the earlier day, and a line of text that tells them."""
    moved = [(at, row) for at, row in enumerate(rows) if row["known_earlier"] is not None]
    if not moved:
        return []
    circles = [
        f'<circle cx="{x(at)}" cy="{y(row["known_earlier"])}" r="4" fill="#ffffff" stroke="{BLUE}" stroke-width="1.6"/>'
        for at, row in moved
    ]
    told = ", ".join(f"{row['month']:%B} {row['known_earlier']} (now {row['offences']})" for _, row in moved)
    last = moved[-1][0]
    return [
        _line(_path([(x(last), y(rows[last]["known_earlier"]) + 6), (x(last), y(22))]), BLUE, "1"),
        *circles,
        f'<text x="{x(last) + 6}" y="{y(22) - 2}" fill="{BLUE}">○ as known on {AS_OF:%-d %B %Y}: {told}</text>',
    ]


def _labels(last: dict[str, Any], across: float, y: Callable[[float], float]) -> list[str]:
    """A name at the end of each line, moved down where two would touch."""
    named = [
        (last["upper_limit"], "upper limit", GREY),
        (last["offences"], "offences", INK),
        (last["centre_line"], "mean", GREY),
        (last["five_year_average"], "five-year average", BLUE),
        (last["lower_limit"], "lower limit", GREY),
    ]
    lowest, parts = 0.0, []
    for value, name, colour in sorted((item for item in named if item[0] is not None), reverse=True):
        lowest = max(y(value) + 4, lowest + 15)
        parts.append(f'<text x="{across:.1f}" y="{lowest:.1f}" fill="{colour}">{value:.0f} {name}</text>')
    return parts


if __name__ == "__main__":
    target = Path(__file__).with_suffix(".svg")
    target.write_text(draw(load_settings().paths), encoding="utf-8")
