"""What lies in quarantine: which rows, why, since when, and whose they are; and the workbooks that ask for corrections.

The private warehouse is read, under the writer's lock. Of a row nothing is shown but where it stands, the rules it
breaks, and its columns of codes, numbers, dates, times and flags: never a text, a personal column, or a reference to a
person. Of a confidential source there are only counts, and in a workbook, which leaves the house, not even those.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from flows import clock, warehouse
from flows.contracts import MALFORMED, Contract, load_contracts
from flows.errors import UsageError
from flows.operate.read import Table
from flows.runs import chosen_sources
from flows.settings import Settings
from flows.stages.publish import MARKING

if TYPE_CHECKING:
    import xlsxwriter
    from xlsxwriter.format import Format

SHEET_ROWS = 1_000_000
"""So many rows of a rule go into its sheet at most: Excel ends at 1,048,576."""

SHEET_NAME = 31
"""So many characters Excel allows in the name of a sheet."""

_WIDEST = 60
_FETCHED = 1000

_CONFIDENTIAL = "confidential: only counts are shown, and only here"


@dataclass(frozen=True)
class Chosen:
    """Which rows are meant: those of a source, that break a rule, of a file by its name, of an owner. None is all."""

    source: str | None = None
    rule: str | None = None
    file: str | None = None
    owner: str | None = None


@dataclass(frozen=True)
class Workbook:
    """A workbook that was written, and how many rows of how many rules are in it."""

    path: Path
    owner: str
    rules: int
    rows: int


def listed(settings: Settings, chosen: Chosen) -> Table:
    """One row per source, rule, owner and file: rows in quarantine, the day the oldest came there, its age in days.

    A row that breaks several rules counts under each. The oldest come first.
    """
    with _quarantine(settings, chosen) as (connection, _):
        return _table(connection, _LISTED)


def in_quarantine(settings: Settings, chosen: Chosen) -> int:
    """How many rows there are, each counted once."""
    with _quarantine(settings, chosen) as (connection, _):
        return _count(connection)


def shown(settings: Settings, chosen: Chosen, limit: int | None) -> Table:
    """One row per row in quarantine of one source: where it stands, why it is there, and what may be shown of it.

    Of a confidential source: its counts, as `listed` has them. Raises UsageError when no source is chosen.
    """
    with _quarantine(settings, chosen) as (connection, contracts):
        if chosen.source is None:
            raise UsageError("say which source: safercity quarantine show --source NAME")
        contract = contracts[chosen.source]
        if contract.confidential:
            return _table(connection, _LISTED)
        return _table(
            connection,
            f"""
            select distinct
              file, force, extract_date, record_no as record, quarantined_on, days, rows.rules, rows.messages
              {_values(contract)}
            from broken
            inner join quarantine.rows as rows using (source, delivery_id, record_no)
            order by extract_date, file, force, record
            {f"limit {limit}" if limit else ""}
            """,
        )


def export(settings: Settings, out: Path, owner: str | None = None) -> list[Workbook]:
    """Write one workbook per owner into a new or empty folder: a sheet that sums up, then one per source and rule.

    Raises UsageError when the folder cannot be used.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(f"{out} is no empty folder; give a new one, so that no workbook is overwritten")
    try:
        out.mkdir(parents=True, exist_ok=True)
        with _quarantine(settings, Chosen(owner=owner)) as (connection, contracts):
            owners = [name for (name,) in connection.execute("select distinct owner from broken order by 1").fetchall()]
            names = _unique([f"quarantine-{_plain(name)}" for name in owners], longest=100)
            return [
                _write(connection, contracts, name, out / f"{stem}.xlsx")
                for name, stem in zip(owners, names, strict=True)
            ]
    except OSError as error:
        raise UsageError(f"{out} cannot be written ({error.strerror}); give another folder") from None


_LISTED = """
select
  source, rule, owner, force, file, extract_date, count(*) as rows, min(quarantined_on) as oldest, max(days) as days,
  any_value(message) as message
from broken
group by all
order by days desc, rows desc, source, rule, force, extract_date, file
"""


@contextmanager
def _quarantine(settings: Settings, chosen: Chosen) -> Iterator[tuple[duckdb.DuckDBPyConnection, dict[str, Contract]]]:
    """A connection with the temp table `broken`, one row per chosen row and rule that it breaks, and the contracts.

    Owner and message are those of the contract as it is, and of the load where that knows the rule no more.

    Raises UsageError when there is no such source or no warehouse, WarehouseBusyError when somebody writes it.
    """
    contracts = load_contracts()
    chosen_sources(contracts, [chosen.source] if chosen.source else None)
    if not settings.paths.warehouse.exists():
        raise UsageError(f"there is no warehouse in {settings.paths.data} yet; run: safercity run")
    with (
        warehouse.writer_lock(settings.paths, "quarantine"),
        warehouse.connect(settings, read_only=True) as connection,
    ):
        connection.execute("create temp table rules (source varchar, rule varchar, owner varchar, message varchar)")
        connection.executemany("insert into rules values (?, ?, ?, ?)", list(_rules(contracts)))
        connection.execute(
            """
            create temp table broken as
            with reasons as (
              select source, delivery_id, record_no, quarantined_at,
                unnest(rules) as rule, unnest(messages) as message
              from quarantine.rows
            )
            select
              reasons.source,
              reasons.rule,
              coalesce(rules.owner, at_load.owner, sources.owner, 'nobody') as owner,
              reasons.message,
              deliveries.force,
              deliveries.file_name as file,
              deliveries.extract_date,
              reasons.delivery_id,
              reasons.record_no,
              cast(timezone('Europe/London', timezone('UTC', reasons.quarantined_at)) as date) as quarantined_on,
              date_diff('day', quarantined_on, $today) as days
            from reasons
            inner join ledger.deliveries as deliveries using (delivery_id)
            left join rules on rules.source = reasons.source and rules.rule = reasons.rule
            left join ledger.rule_results as at_load
              on at_load.delivery_id = reasons.delivery_id and at_load.rule = reasons.rule
            left join ledger.sources as sources on sources.source = reasons.source
            where ($source is null or reasons.source = $source)
              and ($rule is null or reasons.rule = upper($rule))
              and ($file is null or deliveries.file_name = $file)
              and ($owner is null or lower(coalesce(rules.owner, at_load.owner, sources.owner, '')) = lower($owner))
            """,
            {
                "today": clock.today(),
                "source": chosen.source,
                "rule": chosen.rule,
                "file": chosen.file,
                "owner": chosen.owner,
            },
        )
        yield connection, contracts


def _rules(contracts: dict[str, Contract]) -> Iterator[tuple[str, str, str, str]]:
    for contract in contracts.values():
        yield contract.source, MALFORMED, contract.owner, ""
        for rule in contract.all_rules:
            yield contract.source, rule.code, contract.rule_owner(rule), rule.message


def _values(contract: Contract) -> str:
    """SQL for the columns of a kept record that may be shown, each after a comma."""
    return "".join(
        f", rows.record['{column.name}'] as {column.name}"
        for column in contract.loaded_columns
        if column.type != "text" and not column.pseudonymised
    )


def _table(connection: duckdb.DuckDBPyConnection, query: str) -> Table:
    cursor = connection.execute(query)
    return Table([column[0] for column in cursor.description or []], cursor.fetchall())


def _count(connection: duckdb.DuckDBPyConnection, where: str = "true") -> int:
    query = f"select count(*) from (select distinct source, delivery_id, record_no from broken where {where})"
    row = connection.execute(query).fetchone()
    assert row is not None
    return row[0]


def _write(connection: duckdb.DuckDBPyConnection, contracts: dict[str, Contract], owner: str, path: Path) -> Workbook:
    """One owner's workbook."""
    import xlsxwriter

    of_owner = f"owner = {warehouse.quoted(owner)}"
    rules = connection.execute(
        f"""
        select source, rule, any_value(message), count(*), count(distinct delivery_id), min(quarantined_on), max(days)
        from broken where {of_owner} group by source, rule order by source, rule
        """
    ).fetchall()
    told = [rule for rule in rules if not contracts[rule[0]].confidential]
    untold = sorted({source for source, *_ in rules if contracts[source].confidential})
    sheets = _unique([rule for _, rule, *_ in told], longest=SHEET_NAME, taken=("summary", "history"))
    with xlsxwriter.Workbook(str(path), {"constant_memory": True}) as book:
        book.set_properties({"title": f"Rows in quarantine: {owner}", "status": MARKING, "created": clock.now()})
        _summary(book, owner, [(sheet, *rule) for sheet, rule in zip(sheets, told, strict=True)], untold)
        for sheet, (source, rule, message, count, *_) in zip(sheets, told, strict=True):
            rows = connection.execute(
                f"""
                select file, force, extract_date, record_no as record, quarantined_on, days, rows.rules
                  {_values(contracts[source])}
                from broken
                inner join quarantine.rows as rows using (source, delivery_id, record_no)
                where {of_owner} and broken.source = {warehouse.quoted(source)} and rule = {warehouse.quoted(rule)}
                order by extract_date, file, force, record_no
                limit {SHEET_ROWS}
                """
            )
            lines = [
                f"{contracts[source].title} ({source}), rule {rule}, {MARKING}",
                message,
                "Correct these records in the system that they come from; the next extract that holds them brings them"
                " in. If the rule is wrong, say so: the rows are then replayed.",
            ]
            if count > SHEET_ROWS:
                lines.append(f"The first {SHEET_ROWS:,} of {count:,} rows.")
            _sheet(book, sheet, lines, [column[0] for column in rows.description or []], _fetched(rows))
    return Workbook(path, owner, len(told), _count(connection, f"{of_owner} and source not in ({_list(untold)})"))


def _summary(
    book: xlsxwriter.Workbook, owner: str, rules: Sequence[tuple[Any, ...]], confidential: Sequence[str]
) -> None:
    lines = [
        f"Rows in quarantine: {owner}, {clock.today():%Y-%m-%d}, {MARKING}",
        "These rows break a rule of their contract, so they are in no figure until they are corrected. A row that"
        " breaks several rules stands in several sheets. Records are numbered as in their file; the header is 1."
        " Texts, and all that is personal, are left out; ‹9 characters› is a value of which only the length is kept.",
    ]
    if confidential:
        lines.append(
            f"Rows of {', '.join(confidential)} may wait too. They are confidential, so nothing of them is here: look"
            " where the warehouse is, with safercity quarantine list."
        )
    columns = ["sheet", "source", "rule", "what it means", "rows", "files", "oldest", "days"]
    _sheet(book, "Summary", lines, columns, iter(rules))


def _sheet(
    book: xlsxwriter.Workbook, name: str, lines: Sequence[str], columns: Sequence[str], rows: Iterator[Sequence[Any]]
) -> None:
    """A sheet: lines of words, then a table that can be filtered, under a header that stays in sight.

    What came from a file is written as text and nothing else, so that no value can be a formula or a link.
    """
    bold: Format = book.add_format({"bold": True})
    heading: Format = book.add_format({"bold": True, "bg_color": "#D9E2EC", "bottom": 1})
    sheet = book.add_worksheet(name)
    for number, line in enumerate(lines):
        sheet.write_string(number, 0, line, bold if number == 0 else None)
    top = len(lines) + 1
    for place, column in enumerate(columns):
        sheet.write_string(top, place, column.replace("_", " "), heading)
    widths = [len(column) + 3 for column in columns]
    last = top
    for last, row in enumerate(rows, start=top + 1):
        for place, value in enumerate(row):
            if value is None:
                continue
            if isinstance(value, int):
                sheet.write_number(last, place, value)
                continue
            text = ", ".join(value) if isinstance(value, list) else str(value)
            sheet.write_string(last, place, text)
            widths[place] = max(widths[place], min(len(text) + 1, _WIDEST))
    for place, width in enumerate(widths):
        sheet.set_column(place, place, width)
    sheet.freeze_panes(top + 1, 0)
    sheet.autofilter(top, 0, max(last, top), len(columns) - 1)


def _fetched(rows: duckdb.DuckDBPyConnection) -> Iterator[Sequence[Any]]:
    while fetched := rows.fetchmany(_FETCHED):
        yield from fetched


def _unique(names: Sequence[str], *, longest: int, taken: Sequence[str] = ()) -> list[str]:
    """The names cut to a length, and numbered where two would be the same but for their case."""
    used, given = {name.lower() for name in taken}, []
    for name in names:
        new, number = name[:longest], 1
        while new.lower() in used:
            number += 1
            end = f" ({number})"
            new = name[: longest - len(end)] + end
        used.add(new.lower())
        given.append(new)
    return given


def _plain(owner: str) -> str:
    """An owner in the name of a file."""
    return re.sub(r"[^a-z0-9]+", "-", owner.lower()).strip("-") or "owner"


def _list(names: Sequence[str]) -> str:
    return ", ".join(warehouse.quoted(name) for name in ("", *names))
