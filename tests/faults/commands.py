"""`safercity` in a process of its own, as a person or a scheduler starts it."""

import os
import subprocess
import sys
from pathlib import Path

from flows.settings import PROJECT_DIR
from tests.faults.sandbox import Sandbox

OFFLINE = Path(__file__).with_name("offline")
SAFERCITY = "from flows.cli import main; main()"
PATIENCE_SECONDS = 280


def environment(sandbox: Sandbox, notes: Path | None = None) -> dict[str, str]:
    """The variables of a command on this sandbox; with `notes` it is kept offline, see `offline/sitecustomize.py`."""
    path = [str(PROJECT_DIR)]
    values = {name: value for name, value in os.environ.items() if name != "PREFECT_HOME"}
    values |= sandbox.environment()
    if notes:
        notes.mkdir(exist_ok=True)
        path.insert(0, str(OFFLINE))
        values["OFFLINE_NOTES"] = str(notes)
    return values | {"PYTHONPATH": os.pathsep.join(path)}


def start(
    sandbox: Sandbox, *arguments: str, program: str = SAFERCITY, notes: Path | None = None
) -> subprocess.Popen[str]:
    """Begin a command, in the folder of the sandbox. `program` is Python that calls it."""
    return subprocess.Popen(
        [sys.executable, "-c", program, *arguments],
        cwd=sandbox.folder,
        env=environment(sandbox, notes),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def safercity(
    sandbox: Sandbox, *arguments: str, program: str = SAFERCITY, notes: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    process = start(sandbox, *arguments, program=program, notes=notes)
    try:
        out, err = process.communicate(timeout=PATIENCE_SECONDS)
    finally:
        process.kill()
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def imported(notes: Path) -> set[str]:
    """The packages that a command had imported when it ended."""
    [modules] = notes.glob("modules-*")
    return {name.split(".")[0] for name in modules.read_text(encoding="utf-8").split()}


def refused(notes: Path) -> str:
    """What a command tried to reach outside this machine; nothing where it tried nothing."""
    file = notes / "refused"
    return file.read_text(encoding="utf-8") if file.exists() else ""
