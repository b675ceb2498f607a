"""Charts as SVG that stands in a page: drawn by Matplotlib from figures, and told by shape and line as well as colour.

The colours are those of Okabe and Ito, which the colour-blind tell apart; printed in grey, line styles and markers do.
Text stays text. Matplotlib takes a while to import, so whoever draws imports this module when a report is made.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from io import StringIO
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from flows.report.figures import Monthly
from flows.report.narrative import DAYS

BLACK, GREY, BLUE, ORANGE, GREEN = "#000000", "#595959", "#0072B2", "#D55E00", "#007A5A"

SIGNAL_MARKS = {
    "above_limit": ("^", "beyond a limit"),
    "below_limit": ("v", "beyond a limit"),
    "run_above": ("D", "run of seven or more"),
    "run_below": ("D", "run of seven or more"),
    "trend_up": ("s", "trend of seven"),
    "trend_down": ("s", "trend of seven"),
    "near_upper": ("p", "close to a limit"),
    "near_lower": ("p", "close to a limit"),
}
"""Marker and name of each signal; the place of the point tells upper from lower."""

_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "safercity",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": GREY,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "axes.labelcolor": BLACK,
    "legend.frameon": False,
    "legend.fontsize": 9,
}

_WIDTH = 7.2
_TOP, _RIGHT = 0.32, 0.15
"""Inches, as everything of a layout here: places are set, for working them out takes longer than drawing."""


def control_chart(key: str, months: Sequence[Monthly], told: str) -> str:
    """Monthly counts with centre line, limits and five-year average; signals have a marker of their own.

    A month without a count is a gap in the line and a hatched band.
    """
    with rc_context(_STYLE):
        figure, axes = _axes(3.6, left=0.5, bottom=1.15)
        at = np.arange(len(months))
        counts = _numbers([month.offences for month in months])
        for name, style, label in (("lower_limit", ":", None), ("upper_limit", ":", "control limits")):
            _steps(axes, _numbers([getattr(month, name) for month in months]), style, label)
        _steps(axes, _numbers([month.centre_line for month in months]), "--", "centre line")
        average = _numbers([month.five_year_average for month in months])
        axes.plot(at, average, color=ORANGE, linestyle="-.", linewidth=1.3, label="five-year average")
        axes.plot(at, counts, color=BLUE, linewidth=1.8, marker="o", markersize=3.5, label="monthly count")
        marked: set[str] = set()
        for place, month in enumerate(months):
            if month.offences is None:
                axes.axvspan(place - 0.5, place + 0.5, facecolor="none", edgecolor=GREY, hatch="////", linewidth=0)
            elif month.signal:
                marker, label = SIGNAL_MARKS[month.signal]
                axes.plot(
                    [place],
                    [month.offences],
                    linestyle="none",
                    marker=marker,
                    markersize=9,
                    markerfacecolor="white",
                    markeredgecolor=BLACK,
                    markeredgewidth=1.6,
                    label=f"signal: {label}" if label not in marked else None,
                )
                marked.add(label)
        _month_axis(axes, [month.month for month in months])
        axes.set_ylim(bottom=0)
        _finish(figure, axes, told)
        return _svg(figure, key)


def heat_map(key: str, grid: Sequence[Sequence[float]], told: str) -> str:
    """Days by hours in one colour that darkens with the count; the night-time economy is framed."""
    with rc_context(_STYLE):
        figure, axes = _axes(2.7, left=0.5, bottom=0.5, right=0.95)
        drawn = axes.pcolormesh(np.asarray(grid), cmap="Blues", vmin=0, edgecolors="white", linewidth=0.6)
        axes.set_yticks(np.arange(7) + 0.5, [day[:3] for day in DAYS])
        axes.set_xticks(np.arange(0, 25, 3), [f"{hour:02}" for hour in range(0, 25, 3)])
        axes.set_xlabel("hour of the day")
        axes.invert_yaxis()
        for border in (6, 18):
            axes.axvline(border, color=BLACK, linestyle="--", linewidth=1.2)
        height = figure.get_size_inches()[1]
        beside = figure.add_axes((1 - 0.8 / _WIDTH, 0.5 / height, 0.15 / _WIDTH, 1 - (0.5 + _TOP) / height))
        bar = figure.colorbar(drawn, cax=beside)
        bar.set_label("in the hour of the week")
        bar.outline.set_visible(False)
        axes.tick_params(length=0)
        _mark(figure, told)
        return _svg(figure, key)


def bars(key: str, numbers: Mapping[date, int | None], label: str, told: str) -> str:
    """One bar a month; a month that did not arrive is a hatched band."""
    with rc_context(_STYLE):
        figure, axes = _axes(2.5, left=0.65, bottom=0.5)
        at = np.arange(len(numbers))
        axes.bar(
            at, [number or 0 for number in numbers.values()], color=BLUE, edgecolor=BLACK, linewidth=0.5, width=0.75
        )
        for place, number in enumerate(numbers.values()):
            if number is None:
                axes.axvspan(place - 0.5, place + 0.5, facecolor="none", edgecolor=GREY, hatch="////", linewidth=0)
        _month_axis(axes, list(numbers))
        axes.set_ylabel(label)
        axes.set_ylim(bottom=0)
        _mark(figure, told)
        return _svg(figure, key)


def _axes(height: float, left: float, bottom: float, right: float = _RIGHT) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(_WIDTH, height))
    FigureCanvasSVG(figure)
    return figure, figure.add_axes(
        (left / _WIDTH, bottom / height, 1 - (left + right) / _WIDTH, 1 - (bottom + _TOP) / height)
    )


def _numbers(values: Sequence[float | None]) -> np.ndarray:
    return np.array([np.nan if value is None else value for value in values], dtype=float)


def _steps(axes: Axes, values: np.ndarray, style: str, label: str | None) -> None:
    axes.plot(
        np.arange(len(values)), values, color=GREY, linestyle=style, linewidth=1.4, drawstyle="steps-mid", label=label
    )


def _month_axis(axes: Axes, months: Sequence[date]) -> None:
    """Every quarter is named, with the year where it begins; room is left for a whole month at either end."""
    named = [place for place, month in enumerate(months) if month.month in (1, 4, 7, 10)]
    texts = [
        f"{months[place]:%b}\n{months[place].year}" if months[place].month == 1 else f"{months[place]:%b}"
        for place in named
    ]
    axes.set_xticks(named, texts)
    axes.set_xlim(-0.7, len(months) - 0.3)


def _finish(figure: Figure, axes: Axes, told: str) -> None:
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="lower left", ncols=3, handlelength=3)
    _mark(figure, told)


def _mark(figure: Figure, told: str) -> None:
    """The marking and the as-of date, as told, are in the picture: it may be copied out of the page."""
    figure.text(0.995, 0.985, told, ha="right", va="top", fontsize=8.5, color=GREY)


def _svg(figure: Figure, key: str) -> str:
    """The SVG without what belongs to a file of its own; its ids begin with the key, for a page has many charts."""
    out = StringIO()
    figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    text = out.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"\s*<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r'\bid="', f'id="{key}-', text)
    text = re.sub(r'(href="#|url\(#)', rf"\g<1>{key}-", text)
    text = re.sub(r' xmlns(:xlink)?="[^"]*"', "", text).replace("xlink:href", "href")
    text = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", text)
    text = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", text)
    return re.sub(r"<svg ", '<svg aria-hidden="true" focusable="false" ', text, count=1)
