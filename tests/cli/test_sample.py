"""sample and demo: what they say of the key for references to people, and which one the demo runs with."""

import os
import sys
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

import pytest

from flows import sample
from flows.cli import main, report
from flows.sample import TEST_HMAC_KEY
from flows.settings import load_settings
from flows.stages.load import FailedRule
from tests.cli.conftest import Safercity
from tests.faults.sandbox import Sandbox


def test_sample_says_that_a_run_needs_a_key(safercity: Safercity, tmp_path: Path) -> None:
    ended = safercity(Sandbox(tmp_path), "sample", "--out", str(tmp_path / "out"), "--scale", "0.001")
    assert ended.code == 0
    files = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert ended.lines == [
        f"Wrote {len(files)} files to {tmp_path / 'out'}. Load them with: safercity run --landing {tmp_path / 'out'}",
        "They refer to people, so the run needs a key. The published test key of the sample, for nothing but it:",
        f"export SAFERCITY_HMAC_KEY={TEST_HMAC_KEY}",
    ]


@pytest.mark.parametrize(("given", "used"), [(None, TEST_HMAC_KEY), ("the force's own key", "the force's own key")])
def test_demo_runs_with_the_key_that_is_set_or_the_published_one(
    given: str | None, used: str, safercity: Safercity, tmp_path: Path
) -> None:
    seen: list[bytes | None] = []

    def run(*_: object) -> int:
        seen.append(load_settings().hmac_key_bytes)
        return 0

    with (
        patch.dict(os.environ, {"SAFERCITY_HMAC_KEY": given} if given else {}),
        patch.object(sys.modules[main.__module__], "_run", run),
        patch.object(sample, "write_sample", lambda out, **_: out.mkdir(parents=True)),
    ):
        if given is None:
            os.environ.pop("SAFERCITY_HMAC_KEY", None)
        assert safercity(Sandbox(tmp_path), "demo").code == 0
    assert seen == [used.encode()]


def test_summary_shows_critical_rules_and_those_that_most_rows_broke(capsys: pytest.CaptureFixture[str]) -> None:
    rules = [FailedRule("crimes", f"RULE_{rows}", "warning", "is odd", "Registrar", 1, rows) for rows in range(1, 26)]
    rules.append(FailedRule("crimes", "RULE_CRITICAL", "critical", "is wrong", "Registrar", 1, 2))
    report._failures(SimpleNamespace(rejected=[], failed_rules=rules))  # type: ignore[arg-type]
    lines = capsys.readouterr().out.splitlines()
    assert lines[2].split("\t")[:4] == ["source", "rule", "severity", "rows"]
    assert [line.split("\t")[1] for line in lines[3:-1]] == ["RULE_CRITICAL", *(f"RULE_{n}" for n in range(25, 6, -1))]
    assert lines[-1] == 'and 6 more; see: safercity sql "from marts.data_quality where rows_failed > 0"'
