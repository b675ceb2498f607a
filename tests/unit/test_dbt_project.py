"""The dbt project: its unit tests pass, and it says of each of its tables and columns what they are."""

import json
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from flows import lineage, warehouse
from flows.contracts import load_contracts
from flows.operate import dbt_lineage
from flows.settings import Settings
from flows.stages import transform
from flows.stages.transform import DBT_DIR, Node

Columns = dict[str, str]
"""Column → type, in the order of the table."""


@dataclass(frozen=True)
class Built:
    """The project built on an empty warehouse, its unit tests run.

    `models`, `seeds` and `sources` are those of dbt's manifest, by name; a source's table is source.table.
    """

    release: Path
    target: Path
    unit_tests: list[Node]
    models: dict[str, dict[str, Any]]
    seeds: dict[str, dict[str, Any]]
    sources: dict[str, dict[str, Any]]

    @property
    def marts(self) -> dict[str, dict[str, Any]]:
        """The tables that analysts read."""
        return {name: model for name, model in self.models.items() if _is_mart(model) and not _is_as_of(name)}

    @property
    def as_of_macros(self) -> dict[str, dict[str, Any]]:
        """The table macros that show a table as it was known on a day."""
        return {name: model for name, model in self.models.items() if _is_mart(model) and _is_as_of(name)}

    def query(self, query: str) -> list[tuple[Any, ...]]:
        """Rows of the release."""
        with duckdb.connect(str(self.release), read_only=True) as connection:
            return connection.execute(query).fetchall()

    def columns(self, relation: str) -> Columns:
        """Columns of a table or call of the release."""
        return {name: kind.lower() for name, kind, *_ in self.query(f"describe from marts.{relation}")}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    settings = Settings(data=tmp_path_factory.mktemp("dbt_project"))
    settings.paths.make()
    warehouse.prepare(settings, load_contracts())
    release = transform.start_release_file(settings)
    # A fixture of a unit test takes its types from the relation that it stands for, so they are built first.
    only_relations = ["--exclude-resource-type", "test", "--exclude-resource-type", "unit_test"]
    transform.run_dbt(settings, ["build", *only_relations])
    unit_tests = transform.run_dbt(settings, ["--write-json", "test", "--select", "test_type:unit"])
    manifest = json.loads((settings.paths.dbt_target / "manifest.json").read_text(encoding="utf-8"))
    nodes = manifest["nodes"].values()
    return Built(
        release,
        settings.paths.dbt_target,
        unit_tests,
        models={node["name"]: node for node in nodes if node["resource_type"] == "model"},
        seeds={node["name"]: node for node in nodes if node["resource_type"] == "seed"},
        sources={f"{table['source_name']}.{table['name']}": table for table in manifest["sources"].values()},
    )


def _is_mart(model: dict[str, Any]) -> bool:
    return model["schema"] == "marts"


def _is_as_of(name: str) -> bool:
    return name.endswith("_as_of")


def test_every_unit_test_passes(built: Built) -> None:
    """What differs is in the output of dbt, under "Captured stdout setup"."""
    written = [
        unit_test["name"]
        for file in DBT_DIR.glob("models/**/*_unit_tests.yml")
        for unit_test in yaml.safe_load(file.read_text(encoding="utf-8"))["unit_tests"]
    ]
    assert sorted(written) == sorted(node.name for node in built.unit_tests)
    assert [node.name for node in built.unit_tests if node.status != "pass"] == []


def test_the_lineage_that_is_kept_is_that_of_the_project(built: Built) -> None:
    """Where it is not: safercity check --write."""
    made = dbt_lineage.of_target(built.target, load_contracts())
    assert lineage.as_text(made) == lineage.FILE.read_text(encoding="utf-8")


def test_every_relation_says_its_grain(built: Built) -> None:
    relations = {**built.models, **built.seeds, **built.sources}
    without = [
        name
        for name, relation in relations.items()
        if not relation["description"].startswith("One row per ") and not _is_as_of(name)
    ]
    assert without == []


def test_every_as_of_macro_says_what_it_shows(built: Built) -> None:
    assert built.as_of_macros
    for name, model in built.as_of_macros.items():
        table = name.removesuffix("_as_of")
        shows = f"{table} as it was known at the end of the day as_of: from marts.{name}(date '2019-08-07')."
        assert model["description"] == shows


def test_every_model_begins_with_its_grain(built: Built) -> None:
    without = [
        name
        for name, model in built.models.items()
        if not model["raw_code"].startswith(("-- One row per ", '"""One row per ')) and not _is_as_of(name)
    ]
    assert without == []


def test_every_mart_has_an_enforced_contract(built: Built) -> None:
    without = [name for name, model in built.marts.items() if not model["config"]["contract"]["enforced"]]
    assert without == []


def test_every_column_of_a_mart_has_a_type_and_a_description(built: Built) -> None:
    for name, model in built.marts.items():
        described = {column["name"]: column["data_type"] for column in model["columns"].values()}
        assert described == built.columns(name), name
        assert all(column["description"] for column in model["columns"].values()), name


def test_every_mart_and_column_carries_its_description_as_a_comment(built: Built) -> None:
    described = {(name, None): model["description"] for name, model in built.marts.items()} | {
        (name, column["name"]): column["description"]
        for name, model in built.marts.items()
        for column in model["columns"].values()
    }
    commented = built.query(
        """
        select table_name, null, comment from duckdb_tables() where schema_name = 'marts'
        union all
        select table_name, column_name, comment from duckdb_columns() where schema_name = 'marts'
        """
    )
    assert {(table, column): comment for table, column, comment in commented} == described


def test_every_as_of_macro_carries_its_description_as_a_comment(built: Built) -> None:
    commented = built.query(
        "select function_name, comment from duckdb_functions() where schema_name = 'marts' and not internal"
    )
    assert dict(commented) == {name: model["description"] for name, model in built.as_of_macros.items()}


def test_every_as_of_macro_has_the_columns_of_its_table(built: Built) -> None:
    for name in built.as_of_macros:
        assert built.columns(f"{name}(date '2019-08-07')") == built.columns(name.removesuffix("_as_of")), name


def test_dbt_is_told_where_to_spill_when_it_opens_the_file() -> None:
    """DuckDB refuses to be told again once it has spilled, and dbt sets its settings anew for every node."""
    outputs = yaml.safe_load((DBT_DIR / "profiles.yml").read_text(encoding="utf-8"))["safer_city"]["outputs"]
    assert {"memory_limit", "temp_directory", "threads"} <= set(outputs["warehouse"]["config_options"])
    assert "temp_directory" not in outputs["warehouse"]["settings"]


def test_a_file_that_is_still_open_is_waited_for(tmp_path: Path) -> None:
    """A thread that ends late holds its cursor, and with it the file."""
    file = tmp_path / "held.duckdb"
    held = duckdb.connect(str(file))
    let_go = threading.Timer(0.3, held.close)
    let_go.start()
    with pytest.raises(duckdb.Error), duckdb.connect() as connection:
        connection.execute(f"attach '{file}' as held (read_only)")
    transform._wait_until_closed(file)
    with duckdb.connect() as connection:
        connection.execute(f"attach '{file}' as held (read_only)")
    let_go.join()
