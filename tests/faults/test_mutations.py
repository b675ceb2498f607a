"""Mutated deliveries, each with the fate that its mutation implies.

Every mutation is delivered three times over, by three forces that have nothing else in common: mutated, as the plain
file that it must be worth, and clean. So its marts can be held against both: they equal those of the plain file, and
differ from those of the clean one in no more than the mutated rows.

Each kind is delivered once with all the others in one run. In the long set each is alone, with several sources; the
marts are built for a share of these, the loaded rows compared for all: states, counts and marts are made of nothing
else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import duckdb
import pytest

from flows import warehouse
from flows.sample import PERSONAL_MARKERS, TEST_HMAC_KEY
from tests.faults.clean_files import ALL, STREET
from tests.faults.mutations import KINDS, TODAY, Fate, Mutation, mutation, slug, sources_of
from tests.faults.sandbox import Sandbox
from tests.faults.street import Files
from tests.faults.test_personal_data import found_in_database
from tests.marts.arrival import marts
from tests.marts.compiled import Project

SEED = 1
OF_EACH_KIND = 4
"""With so many sources is each kind of mutation delivered alone."""
BUILT = 5
"""Of every so many mutations that are delivered alone one is taken to the marts."""

ROLES = MUTATED, IMPLIED, CLEAN = "Mutated", "Implied", "Clean"

RECORDS = {
    "crimes": ("crimes", "crime_versions"),
    "asb_incidents": ("asb_incidents", "asb_incident_versions"),
    "enforcement_actions": ("enforcement_actions",),
    "engagement_activities": ("engagement_activities",),
    "licensing_activities": ("licensing_activities",),
    "public_order_events": ("public_order_events",),
    "roads_enforcement": ("roads_notices",),
    "support_bus_attendances": ("support_bus_attendances",),
    "vehicle_checks": ("vehicle_checks",),
    STREET: ("street_crimes", "street_crime_versions"),
}
"""Source → marts of single records, which hold its key."""

THEMES = ("all_crime", "violence", "acquisitive_crime", "public_order", "asb")
COUNTS = {"coverage": "rows", **{f"{theme}_performance": "offences" for theme in THEMES}}
"""Marts that count by month → the figure that depends on the rows of the month alone."""

MALFORMED = "ROW_MALFORMED"

Finding = tuple[int, str]
"""The number of a mutation, and what is not as it implies."""

NOT_COMPARED = {"deliveries", "data_quality", "drift"}
"""What tells of files themselves; their fates are compared with the ledger."""


@dataclass(frozen=True)
class Case:
    """One mutation, numbered; its three forces are named after the number."""

    number: int
    kind: str
    source: str

    @property
    def name(self) -> str:
        return f"{self.kind}-{self.source}-{SEED}"

    def force(self, role: str) -> str:
        return f"{role} {self.number}"

    def made(self, role: str) -> Mutation:
        return mutation(self.kind, self.source, SEED, self.force(role))

    def files(self, role: str) -> Files:
        """What the force of a role delivers."""
        made = self.made(role)
        delivered = {MUTATED: made.mutated, IMPLIED: made.implied, CLEAN: made.clean}[role]
        return {f"{slug(self.force(role))}/{path}": content for path, content in (made.base | delivered).items()}


def in_turn() -> list[Case]:
    """Each kind once, with another source each time as far as they go."""
    used: Counter[str] = Counter()
    cases = []
    for number, kind in enumerate(KINDS):
        source = min(sources_of(kind), key=lambda name: (used[name], name))
        used[source] += 1
        cases.append(Case(number, kind, source))
    assert used.keys() == ALL.keys()
    return cases


def alone() -> list[Case]:
    """Each kind with several sources."""
    drawn = [
        (kind, source)
        for kind in KINDS
        for source in Random(kind).sample(sources_of(kind), min(OF_EACH_KIND, len(sources_of(kind))))
    ]
    return [Case(number, kind, source) for number, (kind, source) in enumerate(drawn)]


TOGETHER, ALONE = in_turn(), alone()


@pytest.fixture(scope="session")
def together(once: Callable[[str, Callable[[Path], object]], Path], project: Project) -> dict[int, list[str]]:
    """What was found of the mutations that are delivered together, by number; made once in the session."""

    def make(folder: Path) -> None:
        found = findings(TOGETHER, folder / "run", project)
        lines = [f"{number}\t{' '.join(line.split())}" for number, line in found]
        (folder / "found.txt").write_text("\n".join(lines), encoding="utf-8")

    text = (once("mutations", make) / "found.txt").read_text(encoding="utf-8")
    found: dict[int, list[str]] = {}
    for line in text.splitlines():
        number, _, what = line.partition("\t")
        found.setdefault(int(number), []).append(what)
    return found


@pytest.mark.timeout(900)
@pytest.mark.parametrize("case", TOGETHER, ids=lambda case: case.name)
def test_a_mutation_has_the_fate_that_it_implies(case: Case, together: dict[int, list[str]]) -> None:
    assert together.get(case.number, []) == []


@pytest.mark.slow
@pytest.mark.parametrize("case", ALONE, ids=lambda case: case.name)
def test_a_mutation_alone(case: Case, project: Project, tmp_path: Path) -> None:
    built = project if case.number % BUILT == 0 else None
    assert [line for _, line in findings([case], tmp_path, built)] == []


def test_there_are_enough_of_them() -> None:
    assert len(ALONE) >= 300
    assert {case.source for case in ALONE} == ALL.keys()


def findings(cases: Sequence[Case], folder: Path, project: Project | None) -> list[Finding]:
    """Deliver the mutations and compare."""
    forces = {slug(case.force(role)): case.force(role) for case in cases for role in ROLES}
    sandbox = Sandbox(folder, {"folder_forces": forces, "hmac_key": TEST_HMAC_KEY}, today=TODAY)
    for case in cases:
        for role in ROLES:
            sandbox.deliver(case.files(role))
    sandbox.load()
    settings = sandbox.settings
    found: list[Finding] = []
    with warehouse.connect(settings) as connection:
        _name_roles(cases, settings.landing_dir, connection)
        for case in cases:
            found += [(case.number, line) for line in fates_that_differ(case, settings.landing_dir, connection)]
        found += rows_that_differ(cases, connection)
    searched = found_in_database(settings.paths.warehouse, PERSONAL_MARKERS)
    found += [(case.number, f"personal values in {rows} rows of {table}") for table, rows in searched for case in cases]
    if project:
        with marts(settings, project) as connection:
            _name_roles(cases, settings.landing_dir, connection)
            failed = project.failed_tests(connection)
            found += [(case.number, f"dbt tests fail: {failed}") for case in cases if failed]
            found += marts_unlike_the_plain_files(connection)
            found += marts_too_unlike_the_clean_files(cases, connection)
    return found


def _name_roles(cases: Sequence[Case], landing: Path, connection: duckdb.DuckDBPyConnection) -> None:
    """A table of the forces: number of the mutation, what the force delivers of it, and below which folder."""
    columns = "number integer, role varchar, force varchar, folder varchar"
    connection.execute(f"create or replace temp table roles ({columns})")
    connection.executemany(
        "insert into temp.roles values (?, ?, ?, ?)",
        [
            [case.number, role, case.force(role), f"{landing / slug(case.force(role))}/"]
            for case in cases
            for role in ROLES
        ],
    )


def fates_that_differ(case: Case, landing: Path, connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """Whether each file and each record of the mutated delivery became what it must, and whether the sums hold."""
    made = case.made(MUTATED)
    folder = landing / slug(case.force(MUTATED))
    base = {path: Fate(content.count(b"\n") - 1) for path, content in made.base.items()}
    expected = {str(folder / path): fate for path, fate in (base | dict(made.fates)).items()}
    rows = connection.execute(
        """
        select split_part(path, ' › ', 1), state, reason_code, received, accepted, quarantined, rejected,
          (
            select list({record: record_no, rules: rules, is_kept: record is not null}) from quarantine.rows as bad
            where bad.delivery_id = deliveries.delivery_id
          )
        from ledger.deliveries as deliveries
        where starts_with(path, ?)
        """,
        [f"{folder}/"],
    ).fetchall()
    got = {path: row for path, *row in rows}
    if got.keys() != expected.keys():
        yield f"files in the ledger: {sorted(got)}, not {sorted(expected)}"
    for path in got.keys() & expected.keys():
        state, reason, received, accepted, quarantined, rejected, bad = got[path]
        fate, name = expected[path], Path(path).name
        records = {row["record"]: set(row["rules"]) for row in bad or ()}
        if received is not None and received != accepted + quarantined + rejected:
            yield f"{name}: {received} received, {accepted} + {quarantined} + {rejected} told of"
        if received != fate.received:
            yield f"{name}: {received} received, not {fate.received}"
        if (state == "rejected") != bool(fate.reasons) or (fate.reasons and reason not in fate.reasons):
            yield f"{name}: {state} for {reason}, not for {fate.reasons}"
        if records.keys() != fate.bad.keys() or quarantined != len(bad or ()) or len(records) != len(bad or ()):
            yield f"{name}: records {sorted(records)} quarantined, not {sorted(fate.bad)}"
        for record in records.keys() & fate.bad.keys():
            if not fate.bad[record] <= records[record]:
                yield f"{name}: record {record} breaks {sorted(records[record])}, not {sorted(fate.bad[record])}"
        if any(row["is_kept"] == (MALFORMED in row["rules"]) for row in bad or ()):
            yield f"{name}: a malformed line is kept, or another bad row is not"


def rows_that_differ(cases: Sequence[Case], connection: duckdb.DuckDBPyConnection) -> Iterator[Finding]:
    """Whether the loaded rows are those of the plain file, and texts that mean something elsewhere stand as data.

    Of a file with copies of rows, or that a correction replaced, more is loaded than in the end counts.
    """
    for source in sorted({case.source for case in cases}):
        force = "replace ('' as reported_by)" if source == STREET else ""
        rows = f"""
            select roles.number, roles.role, loaded.* exclude (delivery_id, record_no) {force}
            from raw.{source} as loaded
            inner join ledger.deliveries as deliveries using (delivery_id)
            inner join temp.roles as roles on starts_with(deliveries.path, roles.folder)
        """
        connection.execute(f"create or replace temp table loaded as {rows}")
        for side, other in ((IMPLIED, MUTATED), (MUTATED, IMPLIED)):
            for number, count in _counted(connection, _missing("temp.loaded", side, other)):
                if side == IMPLIED or not _by_number(cases)[number].made(MUTATED).copies:
                    yield number, f"{count} loaded rows are in the {side} file alone"
        for case in cases:
            if case.source == source:
                for text in case.made(MUTATED).verbatim:
                    column = (ALL[source].free or "").lower().replace(" ", "_")
                    found = f"select count(*) from temp.loaded where number = ? and role = ? and {column} = ?"
                    if connection.execute(found, [case.number, MUTATED, text]).fetchall() != [(1,)]:
                        yield case.number, f"not loaded as it stands: {text[:40]!r}"


def marts_unlike_the_plain_files(connection: duckdb.DuckDBPyConnection) -> Iterator[Finding]:
    """Every mart of the mutated deliveries must equal that of the plain ones in each row that names the force."""
    tables = connection.execute(
        """
        select table_name from duckdb_columns()
        where database_name = 'safer_city' and schema_name = 'marts' and column_name = 'force'
        order by table_name
        """
    ).fetchall()
    assert len(tables) > 40
    for (table,) in tables:
        if table not in NOT_COMPARED:
            for number, count in _counted(connection, _apart(_of_roles(table), MUTATED, IMPLIED)):
                yield number, f"{table}: {count} rows are not as with the plain file"


def marts_too_unlike_the_clean_files(cases: Sequence[Case], connection: duckdb.DuckDBPyConnection) -> Iterator[Finding]:
    """Nothing but the mutated records, and the counts of their months, may differ from the marts of the clean files."""
    for source, tables in RECORDS.items():
        key = ALL[source].key.lower().replace(" ", "_")
        for table in tables:
            apart = _apart(_of_roles(table), MUTATED, CLEAN)
            differing = f"select number, coalesce({key}, '') from ({apart}) group by all"
            others: Counter[int] = Counter()
            for number, record in connection.execute(differing).fetchall():
                case = _by_number(cases)[number]
                others[number] += case.source != source or record not in case.made(MUTATED).touched
            for number, count in others.items():
                if count:
                    yield number, f"{table}: {count} records differ from the clean file's that nothing was done to"
    for table, figure in COUNTS.items():
        of = "source" if table == "coverage" else "measure"
        counts = f"(select number, role, {of}, month, {figure} from {_of_roles(table)} where {figure} > 0)"
        differing = f"select number, strftime(month, '%Y-%m') from ({_apart(counts, MUTATED, CLEAN)}) group by all"
        for number, month in connection.execute(differing).fetchall():
            if month not in _by_number(cases)[number].made(MUTATED).months:
                yield number, f"{table}: {month} differs from the clean file's, and nothing was done to its rows"


def _by_number(cases: Sequence[Case]) -> dict[int, Case]:
    return {case.number: case for case in cases}


def _of_roles(table: str) -> str:
    marts = f"safer_city.marts.{table} as mart inner join temp.roles as roles using (force)"
    return f"(select number, role, mart.* exclude (force) from {marts})"


def _counted(connection: duckdb.DuckDBPyConnection, rows: str) -> list[tuple[int, int]]:
    """How many of the rows each mutation has."""
    return connection.execute(f"select number, count(*) from ({rows}) group by number").fetchall()


def _apart(rows: str, one: str, other: str) -> str:
    return f"({_missing(rows, one, other)}) union all ({_missing(rows, other, one)})"


def _missing(rows: str, one: str, other: str) -> str:
    """SQL for the rows, of a table with a number and a role, that one role has more often than the other."""
    sides = (f"select * exclude (role) from {rows} where role = '{role}'" for role in (one, other))
    return " except all ".join(sides)
