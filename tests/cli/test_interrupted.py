"""A command that the system ends says so, whatever a library makes of the exception that ends it."""

import os
import signal
from importlib import import_module

import pytest

from flows.errors import SaferCityError

main = import_module("flows.cli.main")


@pytest.fixture(autouse=True)
def told_to_end() -> None:
    """Nobody has told the command to end yet."""
    main._told_to_end.clear()


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


def test_failure_of_a_library_is_one(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def command() -> None:
        raise SaferCityError("dbt could not run the project")

    monkeypatch.setattr(main, "app", command)
    assert main._exit_code() == 1
    assert "dbt could not run" in capsys.readouterr().err
