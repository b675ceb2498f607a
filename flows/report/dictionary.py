"""The dictionary: a folder of pages that say what every table, column, measure, rule and source is, and where from.

    dictionary/index.html       what there is, and a search over all of it
    dictionary/tables.html      the published tables with their columns, and what is behind each
    dictionary/measures.html    the measures
    dictionary/rules.html       the rules
    dictionary/sources.html     the sources with what they deliver, and where each column gets to
    dictionary/models.html      the models of the dbt project, and what people open

It goes out with the release that it describes. The pages need nothing but the files beside them; without a script they
are whole, and lack the search.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import duckdb
from jinja2 import Environment
from markupsafe import Markup

from flows import lineage as project_lineage
from flows.contracts import Contract
from flows.lineage import AS_OF
from flows.releases import Release
from flows.report.dictionary_content import Content, TableColumn, read
from flows.report.dictionary_drawing import drawn, label
from flows.report.pages import templates

FOLDER = "dictionary"

INDEX = "index.html"

PAGES = {
    INDEX: "Dictionary",
    "tables.html": "Tables",
    "measures.html": "Measures",
    "rules.html": "Rules",
    "sources.html": "Sources",
    "models.html": "Lineage",
}
"""Page → its heading."""

_ASSETS = ("dictionary.css", "dictionary.js")


def write(
    folder: Path, connection: duckdb.DuckDBPyConnection, release: Release, contracts: Mapping[str, Contract]
) -> None:
    """Write the dictionary of an open release into a folder, which is made.

    Raises SaferCityError where the lineage of the project cannot be read.
    """
    content = read(connection, contracts, project_lineage.load())
    environment = _templates(content)
    folder.mkdir(parents=True, exist_ok=True)
    for page, title in PAGES.items():
        text = environment.get_template(f"dictionary_{page}.j2").render(
            content=content, release=release, page=page, title=title, pages=PAGES
        )
        (folder / page).write_text(text, encoding="utf-8")
    for asset in _ASSETS:
        (folder / asset).write_text(environment.get_template(asset).render(), encoding="utf-8")
    (folder / "search.js").write_text(_search(content), encoding="utf-8")


def _search(content: Content) -> str:
    """What the search looks through: kind, name, page and place, and the words on it; a script, because a page that is
    opened from a folder can load nothing else."""
    entries = json.dumps(list(_entries(content)), ensure_ascii=False, separators=(",", ":"))
    return f"const ENTRIES = {entries};\n"


def _entries(content: Content) -> Iterator[tuple[str, str, str, str]]:
    for table in content.tables:
        yield "table", table.name, f"tables.html#{table.name}", table.description
        if table.as_of:
            yield "as-of macro", f"{table.name}{AS_OF}", f"tables.html#{table.name}", table.as_of
    for measure in content.measures:
        said = f"{measure.label}. {measure.definition}"
        yield "measure", measure.name, f"measures.html#{measure.name}", said
    for table in content.tables:
        for column in table.columns:
            name = f"{table.name}.{column.name}"
            yield "column", name, f"tables.html#{name}", column.description
    for source, contract in content.contracts.items():
        yield "source", source, f"sources.html#{source}", f"{contract.title}. {contract.description}"
        for column in contract.columns:
            name = f"{source}.{column.name}"
            headers = f"Header {', '.join(column.headers)}. " if column.headers else ""
            yield "delivered column", name, f"sources.html#{name}", f"{headers}{column.description}"
    for rule in content.rules:
        source = rule.source or "every-source"
        name = f"{source}.{rule.code}" if rule.source else rule.code
        yield "rule", name, f"rules.html#{source}.{rule.code}", rule.message
    for relation in content.lineage.relations.values():
        if not relation.name.startswith("marts."):
            model = relation.name.partition(".")[2]
            yield "model", model, f"models.html#{model}", relation.description
    for exposure in content.lineage.exposures:
        yield "opened by people", exposure.label, f"models.html#{exposure.name}", exposure.description


def _templates(content: Content) -> Environment:
    order = list(content.lineage.relations)
    known = {table.name for table in content.tables}
    environment = templates()
    environment.globals |= {
        "AS_OF": AS_OF,
        "drawing": lambda table: Markup(drawn(table.seen_behind, f"marts.{table.name}", order)),
        "steps": lambda table: sorted((name, sorted(of)) for name, of in table.seen_behind.items() if of),
        "coming_from": lambda column: list(_coming_from(content, column)),
        "place": lambda relation: _place(content, relation, known),
        "label": label,
        "short": lambda relation: relation.partition(".")[2],
    }
    environment.filters |= {"code": _code}
    return environment


def _coming_from(content: Content, column: TableColumn) -> Iterator[tuple[str, str | None]]:
    """Where a traced column comes from: texts, each with its place where it has one."""
    end = column.end
    assert end is not None
    for each in sorted(end.shows):
        schema, _, name = each.partition(".")
        if schema == "raw":
            yield name, f"sources.html#{name}" if content.is_delivered(each) else None
        else:
            yield f"{'ledger' if schema == 'ledger' else 'reference'}: {name}", None
    known = {table.name for table in content.tables}
    for counted in sorted({each.partition("[")[0] for each in end.counts if content.lineage.sources(each)}):
        yield f"rows of {counted.partition('.')[2]}", _place(content, counted, known)


def _place(content: Content, relation: str, tables: set[str]) -> str | None:
    """Where the dictionary speaks of a relation; None where it has nothing on it."""
    schema, _, name = relation.partition(".")
    if schema == "marts" and name.removesuffix(AS_OF) in tables:
        return f"tables.html#{name.removesuffix(AS_OF)}"
    if schema == "raw" and name in content.contracts:
        return f"sources.html#{name}"
    return f"models.html#{name}" if relation in content.lineage.relations else None


def _code(text: str) -> Markup:
    """A description with what stands between backticks set as code."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return Markup.escape(text)
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if at % 2 else Markup.escape(part) for at, part in enumerate(parts)
    )
