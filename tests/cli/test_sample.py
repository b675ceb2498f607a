"""sample and demo: what they say of the key for references to people, and which one the demo runs with."""

import os
import sys
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

import pytest

from flows import clock, sample
from flows.cli import main, partnership, report
from flows.releases import Release
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
        patch.object(partnership, "of_demo"),
        patch.object(sample, "write_sample", lambda out, **_: out.mkdir(parents=True)),
    ):
        if given is None:
            os.environ.pop("SAFERCITY_HMAC_KEY", None)
        assert safercity(Sandbox(tmp_path), "demo").code == 0
    assert seen == [used.encode()]


class TestTheDaysOfTheDemo:
    """It takes the day after the sample's last one for today, in an order that never goes back."""

    def began(self, safercity: Safercity, sandbox: Sandbox, given: str | None = None) -> str | None:
        seen: list[str | None] = []

        def run(*_: object) -> int:
            seen.append(os.environ.get(clock.VARIABLE))
            return 0

        with (
            patch.dict(os.environ, {clock.VARIABLE: given} if given else {}),
            patch.object(sys.modules[main.__module__], "_run", run),
            patch.object(partnership, "of_demo"),
            patch.object(sample, "write_sample", lambda out, **_: out.mkdir(parents=True)),
        ):
            ended = safercity(sandbox, "demo")
        assert ended.code == 0
        is_set = given is None and seen[0] is not None
        assert ("The demo took 2019-09-11 for today." in ended.out) == is_set
        return seen[0]

    def publish(self, sandbox: Sandbox, at: str) -> None:
        folder = sandbox.paths.releases / at.replace(":", "")
        folder.mkdir(parents=True)
        Release(folder.name, at, "0", "OFFICIAL", {}, "", "").write(folder)

    def test_the_first_time(self, safercity: Safercity, tmp_path: Path) -> None:
        assert self.began(safercity, Sandbox(tmp_path)) == "2019-09-11T08:00:01+00:00"

    def test_a_day_that_is_set_stands(self, safercity: Safercity, tmp_path: Path) -> None:
        assert self.began(safercity, Sandbox(tmp_path), "2019-12-24") == "2019-12-24"

    def test_again_it_is_later(self, safercity: Safercity, tmp_path: Path) -> None:
        sandbox = Sandbox(tmp_path)
        self.publish(sandbox, "2019-09-11T08:00:40")
        self.publish(sandbox, "2019-09-11T08:03:00")
        assert self.began(safercity, sandbox) == "2019-09-11T08:03:01+00:00"

    def test_after_a_run_of_another_day_the_clock_stays(self, safercity: Safercity, tmp_path: Path) -> None:
        sandbox = Sandbox(tmp_path)
        self.publish(sandbox, "2026-01-05T06:15:00")
        assert self.began(safercity, sandbox) is None


def test_summary_shows_critical_rules_and_those_that_most_rows_broke(capsys: pytest.CaptureFixture[str]) -> None:
    rules = [FailedRule("crimes", f"RULE_{rows}", "warning", "is odd", "Registrar", 1, rows) for rows in range(1, 26)]
    rules.append(FailedRule("crimes", "RULE_CRITICAL", "critical", "is wrong", "Registrar", 1, 2))
    report._failures(SimpleNamespace(rejected=[], failed_rules=rules))  # type: ignore[arg-type]
    lines = capsys.readouterr().out.splitlines()
    assert lines[2].split("\t")[:4] == ["source", "rule", "severity", "rows"]
    assert [line.split("\t")[1] for line in lines[3:-1]] == ["RULE_CRITICAL", *(f"RULE_{n}" for n in range(25, 6, -1))]
    assert lines[-1] == 'and 6 more; see: safercity sql "from marts.data_quality where rows_failed > 0"'
