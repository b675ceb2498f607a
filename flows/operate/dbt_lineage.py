"""The lineage of the dbt project: dbt compiles its models, `trace` reads them, and `dbt_project/lineage.json` keeps it.

It depends on the project alone, so it is made when the project changes and not in a run: `safercity check --write`
makes it, and a test fails when it is not what the project says.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import duckdb

from flows import ledger, lineage, reference, warehouse
from flows.contracts import Contract, load_contracts
from flows.lineage import AS_OF, Columns, Exposure, Lineage, Relation, part_of
from flows.operate.trace import Schema, UntraceableError, trace
from flows.settings import Settings
from flows.stages import transform


def write(file: Path = lineage.FILE) -> bool:
    """Trace the project and write its lineage, which takes a quarter of a minute; returns whether it is another one.

    Raises SaferCityError where dbt cannot compile the project.
    """
    with tempfile.TemporaryDirectory(prefix="safercity-") as folder:
        settings = Settings(data=Path(folder))
        settings.paths.make()
        transform.start_release_file(settings)
        transform.run_dbt(settings, ["--write-json", "compile"])
        text = lineage.as_text(of_target(settings.paths.dbt_target, load_contracts()))
    is_new = not file.exists() or file.read_text(encoding="utf-8") != text
    if is_new:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return is_new


def of_target(target: Path, contracts: dict[str, Contract]) -> Lineage:
    """The lineage of a project that dbt has compiled into a target folder, its manifest with it."""
    manifest = json.loads((target / "manifest.json").read_text(encoding="utf-8"))
    models = {key: node for key, node in manifest["nodes"].items() if node["resource_type"] == "model"}
    names = {key: _name(node) for key, node in (manifest["nodes"] | manifest["sources"]).items()}
    schema = _given(contracts)
    relations: dict[str, Relation] = {}
    parts: dict[str, Columns] = {}
    held: dict[str, set[str]] = {}
    for key in _in_order(models):
        node, name = models[key], names[key]
        columns: Columns = dict.fromkeys(node["columns"])
        if node["language"] == "sql" and not name.endswith(AS_OF):
            sql = (target / "compiled" / node["package_name"] / node["original_file_path"]).read_text(encoding="utf-8")
            try:
                traced = trace(sql, schema, held)
            except UntraceableError:
                pass  # None says so of each column
            else:
                columns = traced.columns
                held[name] = set(traced.parts)
                parts |= {part_of(name, source): found for source, found in traced.parts.items()}
        schema.setdefault(node["schema"], {})[node["name"]] = dict.fromkeys(columns, "varchar")
        reads = tuple(sorted(names[each] for each in set(node["depends_on"]["nodes"])))
        path, description = node["original_file_path"], node["description"]
        relations[name] = Relation(name, path, description, reads, {} if name.endswith(AS_OF) else columns)
    exposures = tuple(
        Exposure(
            name=each["name"],
            label=each["label"],
            description=each["description"],
            owner=each["owner"]["name"],
            reads=tuple(sorted(names[read] for read in each["depends_on"]["nodes"])),
        )
        for each in sorted(manifest["exposures"].values(), key=lambda each: each["name"])
    )
    return Lineage(relations, dict(_asked_for(relations, parts)), exposures)


def _given(contracts: dict[str, Contract]) -> Schema:
    """The columns of what no model makes: accepted rows, the ledger, and reference data."""
    with duckdb.connect() as connection:
        ledger.create(connection)
        for schema in ("raw", "seeds"):
            connection.execute(f"create schema if not exists {schema}")
        for contract in contracts.values():
            connection.execute(warehouse.raw_table_sql(contract))
        seeds = sorted(path.stem for path in reference.SEEDS_DIR.glob("*.csv"))
        found: Schema = {"seeds": {name: reference.columns(name) for name in seeds}}
        for schema, table, column in connection.execute(
            "select schema_name, table_name, column_name from duckdb_columns()"
            " where schema_name in ('raw', 'ledger') order by all"
        ).fetchall():
            found.setdefault(schema, {}).setdefault(table, {})[column] = "varchar"
    return found


def _in_order(models: dict[str, dict[str, Any]]) -> Iterator[str]:
    """The models so that each comes after what it reads, and otherwise by name."""
    sorter = TopologicalSorter({key: set(node["depends_on"]["nodes"]) & set(models) for key, node in models.items()})
    sorter.prepare()
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        yield from ready
        sorter.done(*ready)


def _asked_for(relations: dict[str, Relation], parts: dict[str, Columns]) -> Iterator[tuple[str, Columns]]:
    """The parts that something asks for by their source."""
    wanted: set[str] = set()
    waiting = [each.columns for each in relations.values()]
    while waiting:
        for origin in waiting.pop().values():
            used = origin.shows | origin.decides if origin else ()
            named = {column.rpartition(".")[0] for column in used} | (origin.counts if origin else frozenset())
            new = (named & set(parts)) - wanted
            wanted |= new
            waiting += [parts[name] for name in new]
    return ((name, parts[name]) for name in sorted(wanted))


def _name(node: dict[str, Any]) -> str:
    return f"{node['schema']}.{node['name']}"
