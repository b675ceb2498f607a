"""The SQL of the dbt project, compiled once and run without dbt on as many warehouses as a test likes.

dbt takes seconds to build the project; its statements take a fraction of one. They are run here as dbt runs them in
a full refresh: tables with the constraints of their contracts, views, table macros, and the tests that audit them.
Its Python models run among the statements, on the same connection.
"""

import json
from dataclasses import asdict, dataclass
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any, Self

import duckdb

from flows import warehouse
from flows.contracts import load_contracts
from flows.settings import Settings
from flows.stages import transform


@dataclass(frozen=True)
class Project:
    """The dbt project as SQL: schemas, statements that create each relation after those it reads, and audit queries.

    A database is called `warehouse` or `safer_city` in all of them. An audit query finds the rows that fail a test.
    Among the statements stands the name of a relation alone where a Python model makes it: `python` has its code.
    """

    schemas: list[str]
    statements: list[str]
    python: dict[str, str]
    audit: dict[str, str]

    def build(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Create everything, on a connection with databases `warehouse` (loaded) and `safer_city` (empty)."""
        for schema in self.schemas:
            connection.execute(f"create schema if not exists {schema}")
        for statement in self.statements:
            if code := self.python.get(statement):
                _run_model(connection, statement, code)
            else:
                connection.execute(statement)

    def create(self, connection: duckdb.DuckDBPyConnection, model: str) -> None:
        """Create one relation alone; what it reads must be there."""
        statements = [statement for statement in self.statements if f'"{model}"' in statement.split("(", 1)[0]]
        assert statements, model
        for statement in statements:
            connection.execute(statement)

    def failed_tests(self, connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
        """The tests that fail on what was built, with how many rows each."""
        failures = {test: _scalar(connection, f"select count(*) from ({query})") for test, query in self.audit.items()}
        return {test: rows for test, rows in failures.items() if rows}

    def save(self, file: Path) -> None:
        """Write the project to a file."""
        file.write_text(json.dumps(asdict(self)), encoding="utf-8")

    @classmethod
    def saved(cls, file: Path) -> Self:
        """The project that was written to a file."""
        return cls(**json.loads(file.read_text(encoding="utf-8")))


def compile_project(folder: Path) -> Project:
    """Compile the dbt project against an empty warehouse in `folder`. Takes seconds."""
    settings = Settings(data=folder)
    settings.paths.make()
    warehouse.prepare(settings, load_contracts())
    transform.start_release_file(settings)
    transform.run_dbt(settings, ["--write-json", "compile", "--full-refresh"])
    manifest = json.loads((settings.paths.dbt_target / "manifest.json").read_text(encoding="utf-8"))
    nodes = manifest["nodes"]
    relations = {name: node for name, node in nodes.items() if node["resource_type"] in ("model", "seed")}
    reads = {name: relations.keys() & node["depends_on"].get("nodes", ()) for name, node in relations.items()}
    in_order = [relations[name] for name in TopologicalSorter(reads).static_order()]
    return Project(
        schemas=sorted({f"{node['database']}.{node['schema']}" for node in in_order}),
        statements=[statement for node in in_order for statement in _statements(node)],
        python={node["relation_name"]: node["compiled_code"] for node in in_order if _is_python(node)},
        audit={node["name"]: node["compiled_code"] for node in nodes.values() if node["resource_type"] == "test"},
    )


def _statements(node: dict[str, Any]) -> list[str]:
    name, config, query = node["relation_name"], node["config"], node.get("compiled_code")
    if _is_python(node):
        return [name]
    match config["materialized"]:
        case "seed":
            file = Path(node["root_path"]) / node["original_file_path"]
            rows = f"read_csv('{file}', header = true, delim = ',', columns = {config['column_types']})"
            return [f"create or replace table {name} as from {rows}"]
        case "view":
            return [f"create or replace view {name} as ({query}\n)"]
        case "table_function":
            return [f"create or replace macro {name}({', '.join(config['parameters'])}) as table ({query}\n)"]
        case _ if config["contract"]["enforced"]:
            columns = ", ".join(_column(column) for column in node["columns"].values())
            return [f"create or replace table {name} ({columns})", f"insert into {name} by name ({query}\n)"]
        case _:
            return [f"create or replace table {name} as ({query}\n)"]


def _is_python(node: dict[str, Any]) -> bool:
    return node.get("language") == "python"


def _run_model(connection: duckdb.DuckDBPyConnection, name: str, code: str) -> None:
    """Run what dbt compiled of a Python model: `model`, and `dbtObj`, which finds the relations that it names."""
    compiled: dict[str, Any] = {}
    exec(code, compiled)
    model = compiled["model"](compiled["dbtObj"](lambda read: connection.query(f"from {read}")), connection)
    connection.register("python_model", model)
    connection.execute(f"create or replace table {name} as from python_model")
    connection.unregister("python_model")


def _column(column: dict[str, Any]) -> str:
    constraints = [constraint["type"].replace("_", " ") for constraint in column["constraints"]]
    return " ".join([f'"{column["name"]}"', column["data_type"], *constraints])


def _scalar(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    row = connection.execute(query).fetchone()
    assert row is not None
    return row[0]
