"""The command line, called in this process: it imports little, so this costs next to nothing."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from flows.cli import main
from tests.faults.sandbox import Sandbox


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        """What it printed, line by line."""
        return self.out.splitlines()

    @property
    def json(self) -> Any:
        """What it printed, as strict JSON."""

        def refuse(constant: str) -> None:
            raise AssertionError(f"{constant} is no JSON")

        return json.loads(self.out, parse_constant=refuse)

    @property
    def error(self) -> str:
        """The one line that says what was wrong."""
        assert self.err.startswith("safercity: "), self.err
        assert self.err.count("\n") == 1, self.err
        assert self.out == ""
        return self.err.removeprefix("safercity: ").removesuffix("\n")


Safercity = Callable[..., Ended]


@pytest.fixture
def safercity(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Safercity:
    """Runs a command on a sandbox, from a folder without settings."""

    def call(sandbox: Sandbox, *arguments: str) -> Ended:
        monkeypatch.chdir(tmp_path)
        capsys.readouterr()
        with sandbox.patched(), patch("sys.argv", ["safercity", *arguments]), pytest.raises(SystemExit) as ended:
            main()
        code = ended.value.code
        assert code is None or isinstance(code, int)
        said = capsys.readouterr()
        return Ended(code or 0, str(said.out), str(said.err))

    return call
