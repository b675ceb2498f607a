"""The aims of the project's speed, and whether what was measured meets them. What was not measured is not met."""

from __future__ import annotations

from collections.abc import Callable

from contenders import BY_ROWS, DLT, LIMIT, OURS, PANDAS
from measure import Measurement
from results import Results

Verdict = tuple[str, str, str]
"""An aim, whether it is met, and the figures."""

MET, NOT_MET, NOT_MEASURED = "met", "NOT MET", "not measured"


def aims(results: Results) -> list[Verdict]:
    """All aims, in their order."""
    return [
        within_twice_the_limit(results),
        ten_times_a_peer(results, DLT),
        ten_times_a_peer(results, PANDAS),
        *(ten_times_a_peer(results, peer) for peer in sorted(BY_ROWS) if peer in results.contenders()),
        month_is_as_quick(results),
        nothing_costs_nothing(results),
        served_check(results),
        make_run(results),
        ten_million(results),
        quick_questions(results),
    ]


def wall(measurement: Measurement) -> float:
    """Wall seconds."""
    return measurement.wall


def judged(aim: str, value: float | None, met: Callable[[float], bool], figures: str) -> Verdict:
    """A verdict by one value."""
    if value is None:
        return aim, NOT_MEASURED, ""
    return aim, MET if met(value) else NOT_MET, figures.format(value)


def within_twice_the_limit(results: Results) -> Verdict:
    """1, of the street files, for which the limit makes the same marts."""
    aim = "1: full load within 2 × the bare script, start-up apart"
    ours, limit = results.apart("street", OURS, wall), results.median("street", LIMIT, wall)
    if "street" in results.different and LIMIT in results.different["street"]:
        return aim, NOT_MEASURED, "the results differ"
    ratio = None if ours is None or not limit else ours / limit
    return judged(aim, ratio, lambda ratio: ratio <= 2, f"{{:.2f}} × ({ours or 0:.1f} s, {limit or 0:.1f} s)")


def ten_times_a_peer(results: Results, peer: str) -> Verdict:
    """1, of all work that both did, start-up apart on both sides and as it is; and how much faster the limit is."""
    aim = f"1: ten times as fast as {peer} with the same checks"
    told = []
    for work in ("street", *(work for work in results.measured if work.startswith("crimes × ") and "," not in work)):
        ours, theirs = results.median(work, OURS, wall), results.median(work, peer, wall)
        apart, theirs_apart = results.apart(work, OURS, wall), results.apart(work, peer, wall)
        if (
            peer in results.different.get(work, {})
            or ours is None
            or theirs is None
            or apart is None
            or theirs_apart is None
        ):
            continue
        if apart > 0 and theirs_apart > 0:
            limit = None if LIMIT in results.different.get(work, {}) else results.apart(work, LIMIT, wall)
            told.append((theirs / ours, theirs_apart / apart, theirs_apart / limit if limit else None, work))
    if not told:
        return aim, NOT_MEASURED, ""
    figures = "; ".join(
        f"{work} {apart:.1f} × apart from start-up, {whole:.1f} × with it"
        + (f" (the bare script {limit:.1f} ×)" if limit else "")
        for whole, apart, limit, work in told
    )
    return aim, MET if all(apart >= 10 for _, apart, _, _ in told) else NOT_MET, figures


def month_is_as_quick(results: Results) -> Verdict:
    """2, from the smallest scale to the largest."""
    scales = sorted(
        float(work[9:-10]) for work in results.measured if work.startswith("sample × ") and work.endswith(" + 1 month")
    )
    aim = "2: one more month, validation, load and states: at scale 100 within 3 × of scale 1"
    if len(scales) < 2:
        return aim, NOT_MEASURED, ""
    first, last = (
        results.stage(f"sample × {scale:g} + 1 month", OURS, "validate", "load", "states") or 0.0
        for scale in (scales[0], scales[-1])
    )
    ratio = last / first if first else None
    aim = aim if scales[-1] == 100 and scales[0] == 1 else f"{aim} (here {scales[-1]:g} and {scales[0]:g})"
    return judged(aim, ratio, lambda ratio: ratio <= 3, f"{{:.2f}} × ({first:.2f} s, {last:.2f} s)")


def nothing_costs_nothing(results: Results) -> Verdict:
    """3, the command, at its slowest."""
    works = [work for work in results.measured if work.endswith(", nothing new")]
    slowest = max((results.median(work, OURS, wall) or 0.0 for work in works), default=None)
    return judged("3: nothing new, the command: under 1.5 s", slowest, lambda s: s < 1.5, "{:.2f} s at most")


def served_check(results: Results) -> Verdict:
    """3, the scheduled check."""
    checks = sorted(check.picked_up_to_end for check in results.served[1:])
    middle = checks[len(checks) // 2] if checks else None
    return judged("3: nothing new, inside a running server: under 3 s", middle, lambda s: s < 3, "{:.2f} s")


def make_run(results: Results) -> Verdict:
    """4, from nothing but an installed machine."""
    seconds = results.median("make run, installed", OURS, wall)
    return judged("4: make run the second time: under 45 s", seconds, lambda s: s < 45, "{:.1f} s")


def ten_million(results: Results) -> Verdict:
    """5, which holds when the run ends at all within the limit."""
    aim = "5: 10 million crimes with 3 GB"
    work = next((work for work in results.measured if " within " in work), None)
    if work is None:
        return aim, NOT_MEASURED, ""
    peak = results.median(work, OURS, lambda m: m.together or m.largest) or 0.0
    return aim, MET, f"{work}: done in {results.median(work, OURS, wall) or 0:.0f} s, peak {peak:,.0f} MB"


def quick_questions(results: Results) -> Verdict:
    """6, at scale 10 where that was measured, else at the largest."""
    aim = "6: each question of analysts under 200 ms at scale 10"
    if not results.queries:
        return aim, NOT_MEASURED, ""
    scale = "10" if "10" in results.queries else max(results.queries, key=float)
    name, slowest = max(results.queries[scale]["questions"].items(), key=lambda each: each[1])
    figures = f"{slowest:.0f} ms at most ({name}), at scale {scale}"
    return aim, MET if slowest < 200 else NOT_MET, figures
