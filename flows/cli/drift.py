"""How `safercity drift` shows what is not as the contracts say."""

from __future__ import annotations

from dataclasses import asdict

from flows.cli import screen
from flows.operate.drift import Drift


def show(found: list[Drift], *, json: bool) -> None:
    """Print the drift as a table, then each line that a contract may need, once."""
    if json:
        screen.as_json([asdict(item) for item in found])
        return
    if not found:
        print("No drift: the newest deliveries are as the contracts say.")
        return
    screen.table(
        ["source", "file", "extract", "state", "what", "column", "found", "rows", "record", "since"],
        [
            (
                item.source,
                item.file,
                item.extract_date,
                item.state,
                item.kind.replace("_", " "),
                item.column_name,
                item.found,
                item.rows,
                item.record_no,
                "this delivery" if item.is_new else "before",
            )
            for item in found
        ],
    )
    suggestions = dict.fromkeys((item.source, item.suggestion) for item in found if item.suggestion)
    for source, suggestion in suggestions:
        print(f"\nIf that is right, in expectations/{source}.yml:\n{suggestion}")
