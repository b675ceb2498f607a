"""How the command line speaks: tables and bars on a terminal, plain lines elsewhere, JSON where asked for."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any

from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from flows import progress

out = Console(highlight=False, soft_wrap=not sys.stdout.isatty())
err = Console(stderr=True, highlight=False, soft_wrap=True)

_COUNT = int | float


def table(columns: Sequence[str], rows: Sequence[Sequence[Any]], *, title: str | None = None) -> None:
    """Print rows under their columns: a drawn table on a terminal, lines of tab-separated text elsewhere."""
    if not out.is_terminal:
        if title:
            print(title)
        print("\t".join(columns))
        for row in rows:
            print("\t".join(cell(value) for value in row))
        return
    texts = [[cell(value) for value in row] for row in rows]
    if title:
        out.print(title, style="bold")
    needed = sum(max(len(text) for text in column) + 1 for column in zip(columns, *texts, strict=True))
    if needed > out.width and len(columns) > 4:
        _one_below_the_other(columns, texts)
        return
    drawn = RichTable(header_style="bold", box=None, pad_edge=False)
    for place, column in enumerate(columns):
        is_count = any(isinstance(row[place], _COUNT) and not isinstance(row[place], bool) for row in rows)
        drawn.add_column(column, justify="right" if is_count else "left", overflow="fold")
    for row in texts:
        drawn.add_row(*(Text(text) for text in row))
    out.print(drawn)


def _one_below_the_other(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Rows that are wider than the terminal, a line for each column that has a value."""
    width = max(len(column) for column in columns)
    for number, row in enumerate(rows, start=1):
        out.print(f"[dim]row {number}[/dim]")
        for column, text in zip(columns, row, strict=True):
            if text:
                out.print(f"  {column:<{width}}  {text}", markup=False)


def cell(value: Any) -> str:
    """A value as text, nothing for a missing one; on a terminal with thousands apart and two decimals at most."""
    if value is None:
        return ""
    if isinstance(value, int) and not isinstance(value, bool) and out.is_terminal:
        return f"{value:,}"
    if isinstance(value, float) and out.is_terminal:
        return f"{value:,.2f}".rstrip("0").rstrip(".")
    return str(value)


def as_json(content: Any) -> None:
    """Print JSON for a script; dates as ISO 8601."""
    print(json.dumps(_plain(content), indent=2, ensure_ascii=False, allow_nan=False))


@contextmanager
def showing_progress() -> Iterator[None]:
    """Draw what the stages say of their progress, on a terminal only."""
    if not err.is_terminal:
        yield
        return
    from rich.progress import (
        BarColumn,
        Progress,
        SpinnerColumn,
        TaskID,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[count]}"))
    times = (TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns, *times, console=err, transient=True) as bars:
        tasks: dict[str, TaskID] = {}

        def listen(what: str, done: int, total: int | None) -> None:
            if what not in tasks:
                for earlier in tasks.values():
                    bars.remove_task(earlier)
                tasks.clear()
                tasks[what] = bars.add_task(what, total=total, count="")
            count = f"{done:,} of {total:,}" if total else ""
            bars.update(tasks[what], completed=done, total=total, count=count)

        with progress.listening(listen):
            yield


def _plain(value: Any) -> Any:
    """A value as JSON has it: keys are text, dates ISO 8601, and what is no number is null."""
    if isinstance(value, dict):
        return {str(_plain(key)): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, date | datetime):
        return value.isoformat()
    return value if value is None or isinstance(value, bool | int | str) else str(value)
