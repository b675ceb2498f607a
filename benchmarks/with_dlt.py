"""Street crimes or a force's crimes with dlt, which loads the files into DuckDB, and dbt, which does the rest there.

As who knows both would: dlt gets whole files as Arrow tables, not row by row; dbt types and judges them, has one test
per rule of the contract, and makes states and counts (`dlt_dbt/`). A failing test is a warning with its count, and a
critical rule keeps its rows out of the states. There is no ledger, quarantine, marts or as-of queries.
"""

# pyright: reportMissingImports=false

from __future__ import annotations

import gzip
import json
import os
import shutil
from collections.abc import Iterator
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from bare_crimes import FORCE, SEED_TABLES, SEEDS, crimes_files
from bare_street import street_files
from peer import Steps, contract, run_peer, severities, type_rule

PROJECT = Path(__file__).with_name("dlt_dbt")
Files = list[tuple[Path, dict[str, date]]]


def main() -> None:
    """Take one source through all steps."""
    run_peer(__doc__ or "", {source: partial(take, source) for source in ("police_uk_street", "crimes")})


def take(source: str, landing: Path, out: Path, steps: Steps) -> None:
    """Load the files with dlt, build and test with dbt, and keep how many rows each test found."""
    database = out / "results.duckdb"
    with steps.timed("dlt"):
        load(source, files_of(source, landing), database, out / "dlt", row_by_row=steps.row_by_row)
    with steps.timed("dbt"):
        project = write_project(source, out / "dbt")
        failures = build(project, database)
    import duckdb

    with duckdb.connect(str(database)) as connection:
        connection.execute("create table checks (rule varchar, failed bigint)")
        connection.executemany("insert into checks values (?, ?)", list(failures.items()))


def files_of(source: str, landing: Path) -> Files:
    """The files of a source, and what is known of each: its extract date, of a slice its month."""
    if source == "crimes":
        return [(path, {"extract_date": day}) for path, day in crimes_files(landing)]
    return [(Path(path), {"file_month": month, "extract_date": day}) for path, month, day in street_files(landing)]


def load(source: str, files: Files, database: Path, working: Path, *, row_by_row: bool) -> None:
    """Load the text of all files into `raw.<source>`, with what is known of each file."""
    import dlt

    # Of single rows dlt would tell the types by the values, and take a month that is text for a time.
    texts = [name.lower().replace(" ", "_") for name in header(files[0][0])]
    hints = {name: {"name": name, "data_type": "text"} for name in texts} if row_by_row else None

    @dlt.resource(name=source, write_disposition="replace", columns=hints)
    def rows() -> Iterator[Any]:
        for path, known in files:
            table = read(path, known)
            yield table.to_pylist() if row_by_row else table

    pipeline = dlt.pipeline(
        source,
        destination=dlt.destinations.duckdb(str(database)),
        dataset_name="raw",
        pipelines_dir=str(working),
    )
    pipeline.run(rows(), loader_file_format="insert_values" if row_by_row else "parquet").raise_on_failed_jobs()


def read(path: Path, known: dict[str, date]) -> Any:
    """A file as an Arrow table of text, without the columns that are personal."""
    import pyarrow as pa
    from pyarrow import csv

    columns = header(path)
    table = csv.read_csv(
        path,
        parse_options=csv.ParseOptions(newlines_in_values=True),
        convert_options=csv.ConvertOptions(
            include_columns=columns, column_types=dict.fromkeys(columns, pa.string()), strings_can_be_null=False
        ),
    )
    table = table.append_column("file", pa.repeat(str(path), len(table)))
    table = table.append_column("row_no", pa.array(range(len(table)), pa.int64()))
    for name, day in known.items():
        table = table.append_column(name, pa.repeat(pa.scalar(day, pa.date32()), len(table)))
    return table


def header(path: Path) -> list[str]:
    """The columns of a file, without those that are personal."""
    personal = {column["name"] for column in contract("crimes")["columns"] if column.get("personal")}
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8-sig") as opened:
        return [name for name in opened.readline().strip().split(",") if name not in personal]


def write_project(source: str, folder: Path) -> Path:
    """Copy the dbt project with the models of one source; add its seeds, a test per rule, and the critical ones."""
    shutil.copytree(PROJECT, folder, ignore=lambda at, names: other_models(source, str(at), names))
    (folder / "seeds").mkdir()
    for seed in SEED_TABLES:
        shutil.copy(SEEDS / f"{seed}.csv", folder / "seeds")
    (folder / "tests").mkdir()
    rules = conditions(source)
    judged = "judged" if source == "crimes" else "typed"
    for code, condition in rules.items():
        (folder / "tests" / f"{code}.sql").write_text(
            "{{ config(severity='warn') }}\n"
            f"select * from (select *, {condition} as breaks from {{{{ ref('{judged}') }}}} as typed) where breaks\n"
        )
    severity = severities(source)
    critical = [f"coalesce({rules[code]}, false)" for code in rules if severity[code] == "critical"]
    # A conflict of keys is found after the rows are judged.
    critical = [condition for condition in critical if "key_conflicts" not in condition]
    (folder / "macros" / "is_bad.sql").write_text(
        "{% macro is_bad() -%} (" + " or ".join(critical) + ") {%- endmacro %}\n"
    )
    return folder


def other_models(source: str, at: str, names: list[str]) -> list[str]:
    """What not to copy of a folder: the models of the other sources, and what dbt has left."""
    return [name for name in names if (Path(at).name == "models" and name != source) or name in {"target", "logs"}]


def conditions(source: str) -> dict[str, str]:
    """SQL per rule, true of a row that breaks it."""
    found = {}
    for column in contract(source)["columns"]:
        name = column["name"]
        if column.get("personal"):
            continue
        has_text = column["type"] != "text" or column.get("listed_in")
        if has_text:
            found[type_rule(name)] = f"({name}__as_given is not null)"
        if column.get("required"):
            found[f"{name.upper()}_MISSING"] = f"({name} is null{f' and {name}__as_given is null' if has_text else ''})"
    if source == "crimes":
        found["KEY_REPEATED"] = "key_conflicts"
    else:
        found["FORCE_NOT_OF_FILE"] = "(reported_by <> file_force)"
    for rule in contract(source)["rules"]:
        condition = rule.get("breaks") or expected(rule["expectation"], **rule["kwargs"])
        found[rule["code"]] = f"(({rule['when']}) and ({condition}))" if rule.get("when") else f"({condition})"
    return found


def expected(expectation: str, column: str, **arguments: Any) -> str:
    """SQL, true where a value is not as expected."""
    match expectation:
        case "expect_column_values_to_not_be_null":
            return f"{column} is null"
        case "expect_column_values_to_be_in_set":
            return f"{column} not in ({', '.join(map(repr, arguments['value_set']))})"
        case "expect_column_values_to_match_regex":
            return f"not regexp_matches({column}, {arguments['regex']!r})"
        case "expect_column_values_to_be_between":
            return f"{column} not between {arguments['min_value']} and {arguments['max_value']}"
        case _:
            raise ValueError(f"no dbt test is written for {expectation}")


def build(project: Path, database: Path) -> dict[str, int]:
    """Build and test; rows failed per test.

    Raises RuntimeError naming what did not build.
    """
    from dbt.cli.main import dbtRunner

    os.environ["PEER_DATABASE"] = str(database)
    arguments = ["build", "--project-dir", str(project), "--profiles-dir", str(project), "--quiet"]
    arguments += ["--vars", json.dumps({"force": FORCE}), "--no-version-check"]
    done = dbtRunner().invoke(arguments)
    if done.exception:
        raise done.exception
    results = list(done.result)  # type: ignore[arg-type]
    if broken := [result.node.name for result in results if result.status in {"error", "fail", "skipped"}]:
        raise RuntimeError(f"dbt could not build {', '.join(broken)}")
    return {result.node.name: result.failures for result in results if result.node.resource_type == "test"}


if __name__ == "__main__":
    os.environ |= {"RUNTIME__DLTHUB_TELEMETRY": "false", "DO_NOT_TRACK": "1"}
    main()
