"""Where the time of a command goes: `python where_time_goes.py run --landing … --json`, in place of `safercity`.

Imports come first here, one after the other, where a run has them when it needs them; what is measured of the others is
the wall time within a function. The seconds are added to what the run prints.
"""

from __future__ import annotations

import time

began = time.perf_counter()

import contextlib  # noqa: E402
import functools  # noqa: E402
import importlib  # noqa: E402
import io  # noqa: E402
import json  # noqa: E402
import sys  # noqa: E402
from collections.abc import Callable  # noqa: E402
from typing import Any  # noqa: E402

IMPORTS = {
    "import pandas": "pandas",
    "import Great Expectations": "great_expectations",
    "import dbt": "dbt.cli.main",
    "import Prefect and the flows": "flows.pipeline",
}
FUNCTIONS = {
    "Prefect's server": ("flows.orchestration", "RunServer.use"),
    "write the sample": ("flows.cli.main", "_write_sample"),
    "the partnership report": ("flows.cli.partnership", "of_demo"),
    "of that: dbt parse": ("dbt.parser.manifest", "ManifestLoader.get_full_manifest"),
    "of that: GX contexts": ("great_expectations", "get_context"),
}


def main() -> int:
    """Run with everything timed; prints JSON."""
    seconds: dict[str, float] = {}
    seconds["settings, DuckDB"] = timed(prepare)
    for what, module in IMPORTS.items():
        seconds[what] = timed(lambda module=module: importlib.import_module(module))
    for what, (module, name) in FUNCTIONS.items():
        wrap(seconds, what, importlib.import_module(module), name)
    from flows.cli import main as safercity

    said = io.StringIO()
    code = 0
    with contextlib.redirect_stdout(said):
        try:
            safercity()
        except SystemExit as end:
            code = int(end.code or 0)
    summary = json.loads(said.getvalue())
    seconds |= {f"stage {stage}": taken for stage, taken in summary["seconds"].items()}
    print(json.dumps(summary | {"seconds": seconds | {"the whole process": time.perf_counter() - began}}))
    return code


def prepare() -> None:
    """Set Prefect's environment, which must be done before it is imported; have the process end here, not at once."""
    from flows import orchestration
    from flows.settings import load_settings, quiet_environment

    quiet_environment()
    orchestration.prepare_prefect(load_settings())
    orchestration.leave = sys.exit


def timed(work: Callable[[], Any]) -> float:
    """Wall seconds of something."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def wrap(seconds: dict[str, float], what: str, module: Any, name: str) -> None:
    """Add up the wall time within a function, wherever it is called from by that name."""
    *path, last = name.split(".")
    owner = functools.reduce(getattr, path, module)
    function = getattr(owner, last)

    @functools.wraps(function)
    def measured(*arguments: Any, **named: Any) -> Any:
        start = time.perf_counter()
        try:
            return function(*arguments, **named)
        finally:
            seconds[what] = seconds.get(what, 0.0) + time.perf_counter() - start

    setattr(owner, last, staticmethod(measured) if isinstance(owner.__dict__.get(last), staticmethod) else measured)


if __name__ == "__main__":
    sys.exit(main())
