"""`safercity dictionary`: the dictionary of the release, and what a change of a model can reach."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from flows import lineage, releases
from flows.cli import screen
from flows.errors import UsageError
from flows.lineage import Touched
from flows.operate.read import published
from flows.settings import load_settings


def dictionary(
    *,
    out: Annotated[
        Path | None, typer.Option(help="Write the dictionary of the published release into this folder instead.")
    ] = None,
    show: Annotated[bool, typer.Option("--open", help="Open it in the browser of this machine.")] = False,
    touched_by: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="List what a change of this model, seed, source or column can reach, such as int_crimes__states,"
            " raw.crimes or raw.crimes.class_code.",
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON, for a script.")] = False,
) -> None:
    """Where the dictionary of the published release is: every table, column, measure, rule and source, with a search.

    It is a folder of pages that need no network; each release has its own.

    With **--touched-by** it names what a change can reach instead: the models, the columns where a column was asked
    for, and what people open. It reads `dbt_project/lineage.json`, which `safercity check --write` makes.
    """
    if touched_by:
        _say(lineage.load().touched_by(touched_by), json)
        return
    from flows.report import dictionary as pages

    settings = load_settings()
    folder = settings.paths.current / pages.FOLDER
    if out:
        from flows.contracts import load_contracts

        release = releases.current(settings.paths)
        with published(settings.paths) as connection:
            assert release is not None
            pages.write(out, connection, release, load_contracts())
        folder = out
    index = folder / pages.INDEX
    if not index.exists():
        raise UsageError(
            f"there is no dictionary in {folder}; run: safercity run, or write one with: safercity dictionary --out DIR"
        )
    if json:
        screen.as_json({"index": index})
    else:
        print(index)
    if show:
        typer.launch(index.resolve().as_uri())


def _say(touched: Touched, json: bool) -> None:
    if json:
        screen.as_json(asdict(touched))
        return
    print(f"A change of {touched.subject} can reach")
    for what, names in (
        ("models", touched.models),
        ("columns", touched.columns),
        ("what people open", [f"{each.label} ({each.owner})" for each in touched.exposures]),
    ):
        if names or what != "columns":
            print("", f"{what}: {len(names)}", *(f"  {name}" for name in names), sep="\n")
