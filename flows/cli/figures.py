"""What `safercity figures` prints: the figures by section of their report, and the totals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import groupby

from flows.cli import screen
from flows.operate.figures import Answer, Verdict, reproduced


def show(answers: Sequence[Answer], *, unmet: bool, json: bool) -> bool:
    """Print the answers, or only those that were to be reproduced and are not; the last line is the total.

    Returns whether all that was to be reproduced is.
    """
    done, to_do = reproduced(answers)
    counts = Counter(answer.verdict for answer in answers)
    listed = [a for a in answers if not unmet or (a.figure.is_target and a.verdict is not Verdict.reproduced)]
    if json:
        screen.as_json(
            {
                "figures": [answer.as_dict() for answer in listed],
                "verdicts": {verdict.value: counts[verdict] for verdict in Verdict},
                "reproduced": done,
                "targets": to_do,
            }
        )
        return done == to_do
    for section, of_section in groupby(listed, key=lambda answer: answer.figure.section):
        screen.table(
            ["figure", "expected", "got", "verdict"],
            [(_asked(answer), _expected(answer), answer.got, _verdict(answer)) for answer in of_section],
            title=section,
        )
        print()
    print(", ".join(f"{counts[verdict]} {verdict.value}" for verdict in Verdict if counts[verdict]))
    print(f"{done} of {to_do} reproduced")
    return done == to_do


def _asked(answer: Answer) -> str:
    figure = answer.figure
    return f"{figure.figure_id} {figure.measure}, {figure.period}, as of {figure.as_of}"


def _expected(answer: Answer) -> str:
    figure = answer.figure
    return f"{figure.value} %" if figure.unit == "%" else figure.value


def _verdict(answer: Answer) -> str:
    return f"{answer.verdict}: {answer.remark}" if answer.remark else answer.verdict.value
