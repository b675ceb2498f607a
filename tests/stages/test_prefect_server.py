"""Prefect's database is made once; any data folder begins with a copy."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from flows import prefect_server
from flows.prefect_server import begin

BEGIN = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import prefect_server
prefect_server.begin(prefect_server.missing_database(), Path(sys.argv[2]))
print(prefect_server.missing_database())
"""


ENDS_AT_ITS_DATABASE = """
import logging, sys
sys.path.insert(0, sys.argv[1])
import prefect_server, uvicorn
def run(server, sockets):
    logging.getLogger("sqlalchemy.pool.impl.AsyncAdaptedQueuePool").error("Exception during reset")
uvicorn.Server.run = run
prefect_server.serve(None)
"""


def begin_in(home: Path, empty: Path) -> Path:
    """Begin the database of a folder as the server does before it serves."""
    folder = Path(prefect_server.__file__).parent
    printed = subprocess.run(
        [sys.executable, "-P", "-c", BEGIN, str(folder), str(empty)],
        env=os.environ | {"PREFECT_HOME": str(home)},
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert printed.strip() == "None", "it is there afterwards"
    return home / "prefect.db"


def rows(database: Path) -> dict[str, int]:
    """Tables with their numbers of rows."""
    with closing(sqlite3.connect(database)) as connection:
        tables = [name for (name,) in connection.execute("select name from sqlite_master where type = 'table'")]
        return {name: connection.execute(f'select count(*) from "{name}"').fetchone()[0] for name in tables}


def test_the_first_makes_what_the_next_one_copies(tmp_path: Path) -> None:
    empty = tmp_path / "installed" / "prefect.db"
    first = begin_in(tmp_path / "one", empty)
    tables = rows(empty)
    assert tables == rows(first)
    # Nothing of the folder that it was made in, and what Prefect knows its tables by.
    assert {name for name, count in tables.items() if count} == {"alembic_version"}
    assert {"flow_run", "task_run", "deployment"} <= tables.keys()
    assert [file.name for file in empty.parent.iterdir()] == [empty.name]

    before = empty.read_bytes()
    second = begin_in(tmp_path / "two", empty)
    assert second.read_bytes() == before
    assert empty.read_bytes() == before
    assert second.stat().st_nlink == 1


def test_a_database_that_came_there_meanwhile_stays(tmp_path: Path) -> None:
    empty, database = tmp_path / "empty.db", tmp_path / "prefect.db"
    empty.write_bytes(b"empty")
    database.write_bytes(b"in use")
    begin(database, empty)
    assert database.read_bytes() == b"in use"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["empty.db", "prefect.db"]


@pytest.mark.parametrize("other", ["postgresql+asyncpg://nobody@localhost/prefect", "sqlite+aiosqlite:///:memory:"])
def test_a_database_elsewhere_is_prefects_own_business(other: str) -> None:
    from prefect.settings import PREFECT_API_DATABASE_CONNECTION_URL, temporary_settings

    with temporary_settings({PREFECT_API_DATABASE_CONNECTION_URL: other}):
        assert prefect_server.missing_database() is None


@pytest.mark.parametrize(("level", "is_told"), [("CRITICAL", False), ("ERROR", True)])
def test_a_service_that_is_at_the_database_at_the_end_is_no_news(tmp_path: Path, level: str, is_told: bool) -> None:
    folder = Path(prefect_server.__file__).parent
    told = subprocess.run(
        [sys.executable, "-P", "-c", ENDS_AT_ITS_DATABASE, str(folder)],
        env=os.environ | {"PREFECT_HOME": str(tmp_path), "PREFECT_SERVER_LOGGING_LEVEL": level},
        check=True,
        capture_output=True,
        text=True,
    ).stderr
    assert ("Exception during reset" in told) == is_told
