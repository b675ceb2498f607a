"""The command in a process that can reach this machine only, and that finds a file unreadable at first.

Run as a script: the first argument is a folder for what it notes, the others are those of `safercity`.

* `refused`: every address outside this machine that anything tried to reach, also where the attempt was swallowed.
* `modules`: what had been imported when the command ended.

With the variable FAIL_READING_ONCE the first attempt to read a source fails as a network drive does.
"""

import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = {"localhost", "127.0.0.1", "::1", "0.0.0.0", "", None}  # noqa: S104


def keep_offline(note: Callable[[str], None]) -> None:
    """Refuse every connection and every look-up of a name that leads out of this machine."""

    def guard(name: str, address_of: Callable[..., Any]) -> None:
        real = getattr(socket.socket if name != "getaddrinfo" else socket, name)

        def guarded(*args: Any, **kwargs: Any) -> Any:
            address = address_of(*args)
            host = address[0] if isinstance(address, tuple) else None
            if host not in HERE:
                note(f"{name} {host}")
                raise OSError(f"this test allows no connection to {host}")
            return real(*args, **kwargs)

        setattr(socket.socket if name != "getaddrinfo" else socket, name, guarded)

    guard("connect", lambda _, address: address)
    guard("connect_ex", lambda _, address: address)
    guard("sendto", lambda _, *args: args[-1])
    guard("getaddrinfo", lambda host, *_: (host.decode() if isinstance(host, bytes) else host,))


def fail_reading_once(note: Callable[[str], None]) -> None:
    """Have the first attempt to read a source fail as a network drive does."""
    from flows.stages import extract

    real = extract.extract

    def failing(*args: Any, **kwargs: Any) -> Any:
        note("read")
        extract.extract = real
        raise OSError("the network drive went away")

    extract.extract = failing


def main() -> None:
    """Run `safercity` so."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)

    def noting(name: str) -> Callable[[str], None]:
        def note(what: str) -> None:
            with (folder / name).open("a", encoding="utf-8") as file:
                file.write(f"{what}\n")

        (folder / name).touch()
        return note

    keep_offline(noting("refused"))
    if "FAIL_READING_ONCE" in os.environ:
        fail_reading_once(noting("failed"))
    from flows.cli import main as safercity

    sys.argv = ["safercity", *sys.argv[2:]]
    try:
        safercity()
    finally:
        (folder / "modules").write_text("\n".join(sorted(sys.modules)), encoding="utf-8")


if __name__ == "__main__":
    main()
