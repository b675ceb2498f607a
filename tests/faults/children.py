"""The pipeline in a process of its own, which can be killed at a named moment.

The children are forked from a process that has imported everything and opened nothing, so that each starts at once.
"""

import multiprocessing
import os
import signal
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import wraps
from importlib import import_module
from multiprocessing.context import ForkServerContext, ForkServerProcess
from typing import Any
from unittest.mock import patch

from tests.faults.sandbox import Sandbox

PATIENCE_SECONDS = 240


@dataclass(frozen=True)
class Moment:
    """Just before, or after, the n-th call of a function of a module."""

    module: str
    function: str
    after: bool = False
    call: int = 1

    def __str__(self) -> str:
        return f"{'after' if self.after else 'before'} {self.module}.{self.function}, call {self.call}"


def children() -> ForkServerContext:
    """Where children come from."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["flows.pipeline", "great_expectations", "dbt.cli.main", "dbt.adapters.duckdb"])
    return context


def start_run(sandbox: Sandbox, dies: Moment | None = None, **given: Any) -> ForkServerProcess:
    """Begin a run in a child. It ends with exit code 0 when the run succeeds, and 1 when it raises."""
    child = children().Process(target=_run, args=(sandbox, dies, given))
    child.start()
    return child


def run(sandbox: Sandbox, dies: Moment | None = None, **given: Any) -> int | None:
    """Run in a child to its end; the exit code is negative when a signal ended it."""
    child = start_run(sandbox, dies, **given)
    child.join(PATIENCE_SECONDS)
    if child.is_alive():
        child.kill()
        child.join()
        raise AssertionError(f"the run did not end within {PATIENCE_SECONDS} seconds")
    return child.exitcode


def _run(sandbox: Sandbox, dies: Moment | None, given: dict[str, Any]) -> None:
    with ExitStack() as stack:
        if dies:
            module = import_module(dies.module)
            stack.enter_context(patch.object(module, dies.function, _killing(dies, getattr(module, dies.function))))
        sandbox.run(**given)


def _killing(dies: Moment, function: Callable[..., Any]) -> Callable[..., Any]:
    calls = 0

    @wraps(function)
    def killing(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == dies.call and not dies.after:
            os.kill(os.getpid(), signal.SIGKILL)
        result = function(*args, **kwargs)
        if calls == dies.call and dies.after:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    return killing
