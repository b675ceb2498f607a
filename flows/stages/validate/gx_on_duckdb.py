"""Great Expectations on DuckDB: the SQLAlchemy dialect it needs, and the only place that knows of the trick.

Great Expectations 1.24 has no DuckDB engine, and through the dialect of duckdb-engine nearly every metric fails with
"list index out of range": all cursors of that dialect share one DuckDB connection, whose result is gone when Great
Expectations reads it (great-expectations issue 11579). So this is a dialect of our own, for reading only:

* every cursor is a DuckDB cursor of its own and fetches all its rows at once, so that they outlive the connection and
  nothing keeps the file open;
* it calls itself `postgresql`, the dialect among those Great Expectations knows whose SQL DuckDB speaks, regular
  expressions (`~`) included;
* backslashes in a text are not doubled: DuckDB takes them as they are, and a doubled one changes a regular expression;
* values are written into the statement instead of bound to it. The query for the failing rows is made from the same
  statement by substituting its parameters, which goes wrong where a value is short (`1` is found in `$1`).

It can go when Great Expectations has a DuckDB engine of its own (pull request 12084).
Importing this module registers the dialect.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import text, types
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.base import PGCompiler, PGDialect
from sqlalchemy.engine import URL, Connection
from sqlalchemy.engine.default import DefaultDialect

if TYPE_CHECKING:
    import duckdb

Row = tuple[Any, ...]

_COLUMN_TYPES: dict[str, types.TypeEngine[Any]] = {
    "BIGINT": types.BigInteger(),
    "BOOLEAN": types.Boolean(),
    "DATE": types.Date(),
    "DOUBLE": types.Double(),
    "INTEGER": types.Integer(),
    "TIMESTAMP": types.DateTime(),
    "VARCHAR": types.String(),
}


def connection_to(database: Path, options: Mapping[str, str | int]) -> dict[str, Any]:
    """The arguments by which Great Expectations opens a DuckDB file; it can read the file and not write it.

    The path is kept out of the URL, in which `?` would end it and `$` would begin a variable.
    """
    return {
        "connection_string": "duckdb+buffered://",
        "kwargs": {"connect_args": {"database": database, "config": dict(options)}},
    }


class BufferedCursor:
    """A DB-API cursor that fetches all rows of a statement when it runs it. Metrics are a row or two."""

    arraysize = 1
    rowcount = -1
    description: list[Row] | None = None

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._rows: list[Row] = []

    def execute(self, statement: str, parameters: object = None) -> None:
        with self._connection.cursor() as cursor:
            cursor.execute(statement, parameters or None)
            self.description = cursor.description
            self._rows = cursor.fetchall()

    def fetchone(self) -> Row | None:
        return next(iter(self.fetchmany(1)), None)

    def fetchmany(self, size: int = arraysize) -> list[Row]:
        fetched, self._rows = self._rows[:size], self._rows[size:]
        return fetched

    def fetchall(self) -> list[Row]:
        fetched, self._rows = self._rows, []
        return fetched

    def close(self) -> None:
        self._rows = []


class BufferedConnection:
    """A DB-API connection with buffered cursors. Each statement is a transaction of its own: all of them read."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def cursor(self) -> BufferedCursor:
        return BufferedCursor(self._connection)

    def commit(self) -> None:
        pass

    def rollback(self) -> None:
        pass

    def close(self) -> None:
        self._connection.close()


class LiteralCompiler(PGCompiler):
    """Writes every value into the statement."""

    def visit_bindparam(self, bindparam: Any, *args: Any, **kwargs: Any) -> str:
        return super().visit_bindparam(bindparam, *args, **{**kwargs, "literal_binds": True})


class BufferedDialect(PGDialect):
    """PostgreSQL's dialect in so far as Great Expectations asks for it, answered by DuckDB."""

    driver = "buffered"
    statement_compiler = LiteralCompiler
    supports_statement_cache = False
    _backslash_escapes = False

    @classmethod
    def import_dbapi(cls) -> Any:
        import duckdb  # here and not above: SQLAlchemy holds this module to the very end, and DuckDB would complain

        return duckdb

    def create_connect_args(self, url: URL) -> tuple[list[Any], dict[str, Any]]:
        return [], {"read_only": True}

    def connect(self, *args: Any, **kwargs: Any) -> Any:
        connection: Any = self.loaded_dbapi.connect(*args, **kwargs)
        connection.execute("set enable_progress_bar = false")
        return BufferedConnection(connection)

    def initialize(self, connection: Connection) -> None:
        DefaultDialect.initialize(self, connection)

    def get_default_isolation_level(self, dbapi_conn: Any) -> Any:
        raise NotImplementedError

    def _get_server_version_info(self, connection: Connection) -> tuple[int, ...]:
        return (14, 0)

    def get_columns(
        self, connection: Connection, table_name: str, schema: str | None = None, **kwargs: Any
    ) -> list[Any]:
        found = connection.execute(
            text("select column_name, data_type, is_nullable from duckdb_columns() where table_name = :table_name"),
            {"table_name": table_name},
        )
        return [
            {"name": name, "type": _COLUMN_TYPES[data_type], "nullable": nullable, "default": None}
            for name, data_type, nullable in found
        ]

    def get_pk_constraint(
        self, connection: Connection, table_name: str, schema: str | None = None, **kwargs: Any
    ) -> Any:
        return {"constrained_columns": [], "name": None}


registry.register("duckdb.buffered", __name__, BufferedDialect.__name__)
