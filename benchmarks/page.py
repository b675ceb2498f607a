"""The page of results: Markdown that reads as a table in a terminal too."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from statistics import median

from aims import aims
from contenders import CONTENDERS, OURS
from measure import Measurement, spread
from results import Results

WHOLE = "the whole process"
IN_TURN = ", one thing after the other"
QUICK_ENOUGH_MS = 200


def write_page(results: Results) -> str:
    """Everything that was measured, for people."""
    parts = [
        "# Results",
        ", ".join(f"{name} {value}" for name, value in results.machine.items() if name != "command"),
        *([f"Peers: {', '.join(f'{name} {value}' for name, value in results.peers.items())}"] if results.peers else []),
        f"    python benchmarks/compare.py {results.machine['command']}",
        "Median (lowest to highest) of each measurement; MB are MiB.",
        *[f"* Not measured: {why}" for why in results.skipped],
        *of_aims(results),
        *of_works(results),
        *of_growth(results),
        *of_time(results),
        *of_served(results),
        *of_queries(results),
        *of_bad(results),
        *of_contenders(results),
    ]
    return "\n\n".join(parts) + "\n"


def table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table in Markdown, its columns aligned."""
    lines = [list(header), *map(list, rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    written = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines
    ]
    return "\n".join([written[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *written[1:]])


def of_aims(results: Results) -> list[str]:
    """Each aim of the project, and whether it is met."""
    return ["## Aims", table(["aim", "met?", "figures"], aims(results))]


def of_works(results: Results) -> list[str]:
    """Each piece of work with all who did it."""
    parts = []
    for work, by_contender in results.measured.items():
        if work.endswith((", one row", IN_TURN)):
            continue
        parts.append(f"## {work[0].upper()}{work[1:]}")
        if work in results.files:
            parts.append(loaded(results, work))
        rows = [measured_row(results, work, contender) for contender in by_contender]
        parts.append(
            table(["", "wall, s", "CPU, s", "memory, MB", "disk, MB", "start-up, s", "result", "safercity is"], rows)
        )
        parts.extend(seconds_per_stage(results, work))
        parts.extend(
            f"* {contender} differs: {'; '.join(wrong)}" for contender, wrong in results.different.get(work, {}).items()
        )
    return parts


def loaded(results: Results, work: str) -> str:
    """What was loaded, in words."""
    if work not in results.rows:
        return results.files[work]
    return f"{results.files[work]}, {results.rows[work]:,} rows; a release of {results.release_mb[work]:,.0f} MB"


def measured_row(results: Results, work: str, contender: str) -> list[str]:
    """What one contender took for a piece of work."""
    one_row = results.median(f"{work}, one row", contender, lambda m: m.wall)
    return [
        contender,
        spread(results.values(work, contender, lambda m: m.wall), 1),
        spread(results.values(work, contender, lambda m: m.cpu), 1),
        spread(results.values(work, contender, peak), 0),
        f"{results.disk[work][contender]:,.0f}",
        "" if one_row is None else f"{one_row:.1f}",
        "" if contender == OURS else outcome(results, work, contender),
        "" if contender == OURS else ratios(results, work, contender),
    ]


def peak(measurement: Measurement) -> float:
    """Peak memory of all processes together, or of the largest where that is not known."""
    return measurement.together or measurement.largest


def outcome(results: Results, work: str, contender: str) -> str:
    """Whether a contender came to the same, and in how many rows."""
    if contender in results.different.get(work, {}):
        return "DIFFERS"
    equal = results.equal.get(work, {}).get(contender)
    return "not compared" if equal is None else f"equal ({sum(equal.values()):,} rows in {len(equal)} tables)"


def ratios(results: Results, work: str, contender: str) -> str:
    """How many times as fast or slow the pipeline is, as it is and apart from start-up; not where results differ."""
    if contender in results.different.get(work, {}):
        return "-"
    ours, theirs = (results.values(work, name, lambda m: m.wall) for name in (OURS, contender))
    apart = [results.apart(work, name, lambda m: m.wall) or 0.0 for name in (OURS, contender)]
    return f"{times(ours, theirs)}; apart from start-up {times(apart[:1], apart[1:])}"


def times(ours: list[float], theirs: list[float]) -> str:
    """The quotients of pairs in words: the median, and lowest to highest."""
    if min(*ours, *theirs) <= 0:
        return "not known"
    slower = median(theirs) < median(ours)
    quotients = [a / b if slower else b / a for a, b in zip(ours, theirs, strict=False)]
    word = "as slow" if slower else "as fast"
    return f"{spread(quotients, 1) if len(quotients) > 1 else f'{quotients[0]:.1f}'} × {word}"


def seconds_per_stage(results: Results, work: str) -> list[str]:
    """The stages of each contender, in medians."""
    lines = []
    for contender, measurements in results.measured[work].items():
        if stages := measurements[0].stages:
            medians = {stage: median(m.stages.get(stage, 0.0) for m in measurements) for stage in stages}
            lines.append(f"* {contender}: " + ", ".join(f"{stage} {taken:.1f}" for stage, taken in medians.items()))
    return ["Seconds per stage:", "\n".join(lines)] if lines else []


def of_growth(results: Results) -> list[str]:
    """How the sample's time, memory and disk grow with its scale."""
    works = {
        float(work.split(" × ")[1]): work
        for work in results.measured
        if work.startswith("sample × ") and work[9:].replace(".", "").isdigit()
    }
    if len(works) < 2:
        return []
    values: dict[str, Callable[[str], float | None]] = {
        "rows received": results.rows.get,
        "full load, s": lambda work: results.median(work, OURS, lambda m: m.wall),
        "full load, CPU s": lambda work: results.median(work, OURS, lambda m: m.cpu),
        "full load, memory MB": lambda work: results.median(work, OURS, peak),
        "release, MB": results.release_mb.get,
        "everything on disk, MB": lambda work: results.disk[work][OURS],
        "the same month more: validate, load, states, s": lambda work: results.stage(
            f"{work} + 1 month", OURS, "validate", "load", "states"
        ),
        "the same month more: marts and publish, s": lambda work: results.stage(
            f"{work} + 1 month", OURS, "marts", "publish"
        ),
        "the same month more, s": lambda work: results.median(f"{work} + 1 month", OURS, lambda m: m.wall),
        "nothing new, s": lambda work: results.median(f"{work}, nothing new", OURS, lambda m: m.wall),
    }
    scales = sorted(works)
    rows = []
    for what, value in values.items():
        found = [value(works[scale]) for scale in scales]
        first, last = found[0], found[-1]
        growth = f"× {last / first:.1f}" if first and last else ""
        rows.append([what, *("" if each is None else number(each) for each in found), growth])
    return ["## Growth", table(["", *(f"scale {scale:g}" for scale in scales), "growth"], rows)]


def number(value: float) -> str:
    """A number with as many digits as it deserves."""
    return f"{value:,.0f}" if value >= 100 else f"{value:,.1f}"


def of_time(results: Results) -> list[str]:
    """Where each second of a piece of work goes."""
    parts = []
    for work, by_contender in results.measured.items():
        if not work.endswith(IN_TURN):
            continue
        measurements = by_contender[OURS]
        medians = {what: median(m.stages.get(what, 0.0) for m in measurements) for what in measurements[0].stages}
        parts_of_whole = [what for what in medians if not what.startswith("of that") and what != WHOLE]
        rest = medians[WHOLE] - sum(medians[what] for what in parts_of_whole)
        rows = [
            [what, f"{medians[what]:.1f}"] for what in (*parts_of_whole, *(medians.keys() - {*parts_of_whole, WHOLE}))
        ]
        rows.insert(len(parts_of_whole), ["Prefect's engine, planning, ending", f"{rest:.1f}"])
        parts.append(f"## Where the time goes: {work.removesuffix(IN_TURN)}")
        parts.append(
            "With imports first, one after the other; without that, a run imports while Prefect's server starts, and"
            f" takes less. All {medians[WHOLE]:.1f} s:"
        )
        parts.append(table(["", "s"], rows))
    return parts


def of_served(results: Results) -> list[str]:
    """A scheduled check where nothing is new."""
    if not results.served:
        return []
    # The first look of a server that has just started is not what happens every five minutes.
    checks = results.served[1:]
    rows = [
        ["asked for until ended (the runner asks every 5 s)", spread([check.asked_to_end for check in checks], 1)],
        ["picked up until ended", spread([check.picked_up_to_end for check in checks], 1)],
        ["of that the flow itself", spread([check.flow for check in checks], 1)],
    ]
    return ["## Nothing new, inside a running server", table(["", "s"], rows)]


def of_queries(results: Results) -> list[str]:
    """The slowest questions at each scale."""
    parts = []
    for scale, asked in results.queries.items():
        parts.append(f"## Questions at scale {scale}: a file of {asked['release_mb']:,.0f} MB")
        for kind in ("questions", "as of"):
            taken = sorted(asked[kind].items(), key=lambda each: -each[1])
            slow = sum(milliseconds >= QUICK_ENOUGH_MS for _, milliseconds in taken)
            title = "questions of docs/analysts.md" if kind == "questions" else "as-of functions"
            parts.append(f"{len(taken)} {title}, {slow} of them take {QUICK_ENOUGH_MS} ms or more. The slowest:")
            parts.append(table(["", "ms"], [[name, f"{milliseconds:.0f}"] for name, milliseconds in taken[:8]]))
    return parts


def of_bad(results: Results) -> list[str]:
    """Where every row fails."""
    if not results.bad:
        return []
    rows = [
        [
            content,
            stage,
            f"{measured['wall']:.1f}",
            f"{measured['cpu']:.1f}",
            f"{measured['together'] or measured['largest']:,.0f}",
            measured["state"],
        ]
        for content, stages in results.bad.items()
        for stage, measured in stages.items()
    ]
    return ["## Every row bad", table(["content", "stage", "wall, s", "CPU, s", "memory, MB", "what came of it"], rows)]


def of_contenders(results: Results) -> list[str]:
    """Who does how much of the work."""
    seen = results.contenders()
    if not seen:
        return []
    return [
        "## Who does what",
        "\n".join(f"* {each.name}: {each.does}." for each in CONTENDERS.values() if each.name in seen),
    ]
