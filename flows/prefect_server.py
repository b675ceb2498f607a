"""Prefect's server: `python -P prefect_server.py FD`, listening on the socket that it is given as FD.

It ends with its standard input, that is with the process that started it, however that one ends.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import shutil
import signal
import socket
import sqlite3
import sys
import tempfile
import threading
from contextlib import closing, suppress
from importlib.metadata import version
from pathlib import Path

EMPTY = Path(sys.prefix) / "share" / "safercity" / f"prefect-{version('prefect')}.db"
"""An empty database of this Prefect, kept with what is installed; any data folder may begin with a copy."""


def serve(listening: socket.socket) -> None:
    """Answer until asked to end."""
    # All that is imported stays; to look through it for what could be freed takes a fifth of the start.
    gc.disable()
    import uvicorn

    config = uvicorn.Config(
        "prefect.server.api.server:create_app",
        factory=True,
        lifespan="on",
        log_level="error",
        timeout_graceful_shutdown=3,
    )
    config.load()
    # SQLAlchemy logs an error for a service that is at its database when the server ends. Prefect's level holds for it.
    logging.getLogger("sqlalchemy.pool").setLevel(os.environ.get("PREFECT_SERVER_LOGGING_LEVEL", "WARNING"))
    if database := missing_database():
        begin(database, EMPTY)
    gc.freeze()
    gc.enable()
    uvicorn.Server(config).run(sockets=[listening])


def missing_database() -> Path | None:
    """The file that Prefect's settings name as its database, where it is one and is not there."""
    from prefect.settings import PREFECT_API_DATABASE_CONNECTION_URL
    from sqlalchemy.engine import make_url

    url = make_url(str(PREFECT_API_DATABASE_CONNECTION_URL.value()))
    if url.get_backend_name() != "sqlite" or url.database in (None, "", ":memory:"):
        return None
    database = Path(str(url.database))
    return None if database.exists() else database


def begin(database: Path, empty: Path) -> None:
    """Begin a database as a copy of an empty one, which is made and kept where there is none.

    Prefect makes its tables by all its migrations, one after the other, in some three seconds. Where a copy cannot be
    had or kept, Prefect does so as it would anyway.
    """
    with suppress(OSError, sqlite3.Error):
        if empty.exists():
            copy_at_once(empty, database)
            return
        asyncio.run(make_tables())
        empty.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=empty.parent) as folder, closing(sqlite3.connect(database)) as connection:
            whole = Path(folder) / empty.name
            connection.execute("vacuum into ?", [str(whole)])
            whole.replace(empty)


async def make_tables() -> None:
    """Have Prefect make its tables in the database that its settings name, and let go of it."""
    from prefect.server.database import provide_database_interface

    database = provide_database_interface()
    await database.create_db()
    await (await database.engine()).dispose()


def copy_at_once(file: Path, to: Path) -> None:
    """Copy a file so that nobody sees half of it, and what has come there meanwhile stays."""
    with tempfile.TemporaryDirectory(dir=to.parent) as folder:
        os.link(shutil.copyfile(file, Path(folder) / file.name), to)


def end_with_input() -> None:
    """Ask this process to end when nobody can write to its standard input any more."""
    # Not by way of sys.stdin, whose lock this thread would hold when the interpreter ends.
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    threading.Thread(target=end_with_input, daemon=True).start()
    serve(socket.socket(fileno=int(sys.argv[1])))
