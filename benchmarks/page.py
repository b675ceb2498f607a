"""The page of results: Markdown that reads as a table in a terminal too."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from statistics import median

from aims import aims
from contenders import CONTENDERS, OURS
from measure import Measurement, spread
from results import Results

START_UP = "start-up, one thing after the other"
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
        *of_start_up(results),
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
        if work.endswith(", one row"):
            continue
        title = f"## {work[0].upper()}{work[1:]}"
        parts.append(f"{title}: {results.files[work]}" if work in results.files else title)
        rows = [measured_row(results, work, contender) for contender in by_contender]
        parts.append(
            table(["", "wall, s", "CPU, s", "memory, MB", "disk, MB", "start-up, s", "result", "safercity is"], rows)
        )
        parts.append(seconds_per_stage(results, work))
        parts.extend(
            f"* {contender} differs: {'; '.join(wrong)}" for contender, wrong in results.different.get(work, {}).items()
        )
    return parts


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
    whole = times(results.median(work, OURS, lambda m: m.wall), results.median(work, contender, lambda m: m.wall))
    apart = times(results.apart(work, OURS, lambda m: m.wall), results.apart(work, contender, lambda m: m.wall))
    return f"{whole}; apart from start-up {apart}"


def times(ours: float | None, theirs: float | None) -> str:
    """A quotient in words."""
    if ours is None or theirs is None or ours <= 0 or theirs <= 0:
        return "not known"
    return f"{theirs / ours:.1f} × as fast" if theirs >= ours else f"{ours / theirs:.1f} × as slow"


def seconds_per_stage(results: Results, work: str) -> str:
    """The stages of each contender, in medians."""
    lines = []
    for contender, measurements in results.measured[work].items():
        if stages := measurements[0].stages:
            medians = {stage: median(m.stages.get(stage, 0.0) for m in measurements) for stage in stages}
            lines.append(f"* {contender}: " + ", ".join(f"{stage} {taken:.1f}" for stage, taken in medians.items()))
    return "\n".join(["Seconds per stage:", "", *lines]) if lines else ""


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
        "full load, s": lambda work: results.median(work, OURS, lambda m: m.wall),
        "full load, CPU s": lambda work: results.median(work, OURS, lambda m: m.cpu),
        "full load, memory MB": lambda work: results.median(work, OURS, peak),
        "disk, MB": lambda work: results.disk[work][OURS],
        "the same month more: validate, load, states, s": lambda work: results.stage(
            f"{work} + 1 month", OURS, "extract", "validate", "load", "states"
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
        rows.append([what, *("" if each is None else f"{each:,.1f}" for each in found), growth])
    return ["## Growth", table(["", *(f"scale {scale:g}" for scale in scales), "growth"], rows)]


def of_start_up(results: Results) -> list[str]:
    """Where the fixed start-up goes."""
    measurements = results.measured.get(START_UP, {}).get(OURS)
    if not measurements:
        return []
    medians = {what: median(m.stages.get(what, 0.0) for m in measurements) for what in measurements[0].stages}
    told = sum(
        taken
        for what, taken in medians.items()
        if what != "the whole process" and not what.startswith(("dbt parse", "GX"))
    )
    rows = [[what, f"{taken:.1f}"] for what, taken in medians.items()]
    rows.append(["not told apart: Prefect's engine, starting and ending", f"{medians['the whole process'] - told:.1f}"])
    return [
        "## Where the start-up goes",
        "A run on one row, with imports first; a run as it is imports while the server starts. What dbt's parse and the"
        " contexts of Great Expectations take is in the stages too.",
        table(["", "s"], rows),
    ]


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
    seen = {contender for by_contender in results.measured.values() for contender in by_contender}
    return [
        "## Who does what",
        "\n".join(f"* {each.name}: {each.does}." for each in CONTENDERS.values() if each.name in seen),
    ]
