"""Put on PYTHONPATH, this keeps a process and all Python processes it starts within this machine.

What anything tried to reach outside of it is refused and written to the folder OFFLINE_NOTES, also where the attempt
is swallowed. When the process ends, the modules that it had imported are written there too, into a file of its own.
"""

import atexit
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

NOTES = Path(os.environ["OFFLINE_NOTES"])
HERE = {"localhost", "127.0.0.1", "::1", "0.0.0.0", "", None}


def guarded(name: str, real: Callable[..., Any], host_of: Callable[..., Any]) -> Callable[..., Any]:
    """The function, but for hosts outside this machine."""

    def guard(*args: Any, **kwargs: Any) -> Any:
        host = host_of(*args)
        host = host.decode() if isinstance(host, bytes) else host
        if host not in HERE:
            with (NOTES / "refused").open("a", encoding="utf-8") as notes:
                notes.write(f"{name} {host}\n")
            raise OSError(f"{name} to {host} is refused: this process is to stay within this machine")
        return real(*args, **kwargs)

    return guard


def host_of_address(_: socket.socket, *args: Any) -> Any:
    """The host of the address that a method of a socket is given last; a path names none."""
    return args[-1][0] if isinstance(args[-1], tuple) else None


for method in ("connect", "connect_ex", "sendto"):
    setattr(socket.socket, method, guarded(method, getattr(socket.socket, method), host_of_address))
socket.getaddrinfo = guarded("getaddrinfo", socket.getaddrinfo, lambda host, *_, **__: host)


@atexit.register
def note_modules() -> None:
    """Write down what was imported."""
    (NOTES / f"modules-{os.getpid()}").write_text("\n".join(sorted(sys.modules)), encoding="utf-8")
