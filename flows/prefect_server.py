"""Prefect's server of one run: `python -P prefect_server.py FD`, listening on the socket that it is given as FD.

It ends with its standard input, that is with the process that started it, however that one ends.
"""

from __future__ import annotations

import gc
import os
import signal
import socket
import sys
import threading


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
    gc.freeze()
    gc.enable()
    uvicorn.Server(config).run(sockets=[listening])


def end_with_input() -> None:
    """Ask this process to end when nobody can write to its standard input any more."""
    # Not by way of sys.stdin, whose lock this thread would hold when the interpreter ends.
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    threading.Thread(target=end_with_input, daemon=True).start()
    serve(socket.socket(fileno=int(sys.argv[1])))
