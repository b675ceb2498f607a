"""A command that the system ends says so, whatever a library makes of the exception that ends it."""

import os
import signal
from collections.abc import Iterator
from importlib import import_module

import pytest

from flows.errors import SaferCityError

main = import_module("flows.cli.main")


@pytest.fixture(autouse=True)
def told_to_end() -> Iterator[None]:
    """Nobody has told the command to end, before the test and after it."""
    for told in (main._told_to_end, main._ctrl_c):
        told.clear()
    yield
    for told in (main._told_to_end, main._ctrl_c):
        told.clear()


@pytest.mark.parametrize("taken_for", [SaferCityError, RuntimeError])
def test_interruption_that_a_library_takes_for_its_failure(
    taken_for: type[Exception], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def command() -> None:
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            signal.pause()
        except SaferCityError as error:
            raise taken_for(f"dbt could not run the project: {error}") from None

    monkeypatch.setattr(main, "app", command)
    before = signal.signal(signal.SIGTERM, main._ended_by_the_system)
    try:
        assert main._exit_code() == 143
    finally:
        signal.signal(signal.SIGTERM, before)
    assert "interrupted; nothing half done is kept" in capsys.readouterr().err


@pytest.mark.parametrize(("handler", "code"), [(None, 143), ("_ended_by_ctrl_c", 130)])
def test_query_that_a_signal_interrupts(handler: str | None, code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """What DuckDB raises tells nothing of the signal; Ctrl-C is noted as it comes."""

    def command() -> None:
        if handler:
            with pytest.raises(KeyboardInterrupt):
                getattr(main, handler)()
        raise RuntimeError("Query interrupted")

    monkeypatch.setattr(main, "app", command)
    assert main._exit_code() == code


def test_failure_of_a_library_is_one(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def command() -> None:
        raise SaferCityError("dbt could not run the project")

    monkeypatch.setattr(main, "app", command)
    assert main._exit_code() == 1
    assert "dbt could not run" in capsys.readouterr().err
