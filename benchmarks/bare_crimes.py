"""A force's crimes from a landing folder to states and monthly counts in one DuckDB script, as fast as we know how.

What the pipeline's handling of crimes is measured against (see README.md). Raw rows are typed and judged by every
critical rule in the one scan of the files; the states of a record follow in two times, and from them by how much each
measure moved at each extract. It has no warning rules, ledger, quarantine, tests or marts besides. Its SQL is written
from the definitions and shares none with the dbt project, so that equal tables say something about both; only the
seeds are shared.

It takes UTF-8 text with the header of the contract in files, not archives; a file with another header is left out.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import duckdb

SEEDS = Path(__file__).resolve().parents[1] / "dbt_project" / "seeds"
SEED_TABLES = ("measures", "measure_members", "offences", "wards")
FORCE = "City of London Police"
HEADER = (
    "crime_number,status,class_code,sub_code,offence,recorded_at,reported_at,committed_from,committed_to,street,ward,"
    "premises,premises_type,easting,northing,outcome_code,outcome_at,alcohol,domestic_abuse,drugs,victim_type,"
    "circumstance,method_tags,operation,victim_name,victim_date_of_birth,suspect_name,suspect_date_of_birth,summary"
)
PERSONAL = ("victim_name", "victim_date_of_birth", "suspect_name", "suspect_date_of_birth", "summary")
LOADED = tuple(column for column in HEADER.split(",") if column not in PERSONAL)
CRIMES_FILE = re.compile(r"crimes_(\d{4}-\d{2}-\d{2})(?:_r(\d+))?\.csv", re.ASCII)
TIMES = ("%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%d/%m/%Y %H:%M")


def text(column: str) -> str:
    """SQL for a column's text without spaces around it; NULL when blank."""
    return f"nullif(trim({column}), '') as {column}"


def when(column: str) -> str:
    """SQL for a time; NULL where the text is none."""
    return f"try_strptime({column}, [{', '.join(map(repr, TIMES))}])"


def whole(column: str) -> str:
    """SQL for a whole number; NULL where the text is none."""
    return f"if(regexp_full_match({column}, '[+-]?[0-9]+([.]0+)?'), try_cast({column} as bigint), null)"


def flag(column: str) -> str:
    """SQL for yes or no; NULL where the text is neither."""
    return (
        f"case when lower({column}) in ('y', 'true', '1') then true"
        f" when lower({column}) in ('n', 'false', '0') then false end"
    )


READ = {
    **{name: when(name) for name in ("recorded_at", "reported_at", "committed_from", "committed_to", "outcome_at")},
    **{name: whole(name) for name in ("easting", "northing")},
    **{name: flag(name) for name in ("alcohol", "domestic_abuse", "drugs")},
}
"""Column that is no text → SQL for its value. Where there is a text and no value, the row is not sound."""

REFERENCE = """
create temp table classes as
select
  class_code,
  recordable::boolean as recordable,
  theme,
  coalesce(valid_from::date, date '0001-01-01') as class_from,
  coalesce(valid_to::date, date '9999-12-31') as class_to,
  class_code in (select class_code from offences where sub_code is not null) as has_pairs
from offences
where sub_code is null;

create temp table pairs as
select
  class_code,
  sub_code,
  coalesce(max(valid_from::date), date '0001-01-01') as pair_from,
  coalesce(min(valid_to::date), date '9999-12-31') as pair_to
from offences
where sub_code is not null
group by all;

create temp table ward_names as
select distinct lower(unnest([ward, official_name])) as spelling, ward as listed_ward from wards;
"""

LOAD = f"""
create table raw as
with texts as (
  select filename as file, {", ".join(map(text, LOADED))}
  from read_csv(
    $files,
    header = true, delim = ',', quote = '"', escape = '"', auto_detect = false, filename = true,
    columns = {{ {", ".join(f"{column}: 'varchar'" for column in HEADER.split(","))} }}
  )
),

read as (
  select
    texts.* replace (regexp_replace(class_code, '^([0-9]{{1,3}})/([0-9]{{1,2}})$', '\\1.\\2') as class_code),
    {", ".join(f"{value} as {column}__value" for column, value in READ.items())}
  from texts
),

typed as (
  select
    {", ".join(f"{column}__value as {column}" if column in READ else column for column in ("file", *LOADED))},
    {" or ".join(f"({column} is null) <> ({column}__value is null)" for column in READ)} as has_unread
  from read
)

select
  typed.* exclude (ward, has_unread),
  ward_names.listed_ward as ward,
  files.extract_date,
  not has_unread
  and coalesce(regexp_full_match(crime_number, '[A-Z0-9][A-Z0-9/-]{{4,24}}'), false)
  and coalesce(status in ('recorded', 'cancelled', 'transferred'), false)
  and coalesce(
    recorded_at >= timestamp '2000-01-01'
    and recorded_at::date <= files.extract_date
    and classes.recordable
    and recorded_at::date between class_from and class_to,
    false
  )
  and (
    typed.sub_code is null
    or if(
      classes.has_pairs,
      coalesce(recorded_at::date between pair_from and pair_to, false),
      not regexp_matches(typed.sub_code, '[\\s\\p{{Z}}]')
    )
  )
  and coalesce(reported_at <= recorded_at, true)
  and coalesce(committed_to >= committed_from, true)
  and coalesce(committed_from <= recorded_at, true)
  and coalesce(
    premises_type in (
      'licensed', 'retail', 'office', 'hotel', 'gym', 'transport', 'dwelling', 'street', 'public_building', 'other'
    ),
    true
  )
  and (easting is null) = (northing is null)
  and coalesce(regexp_full_match(outcome_code, '[1-3]A?|[4-9]|1[0-9]|2[0-2]'), true)
  and coalesce(outcome_at >= recorded_at, true)
  and not coalesce(outcome_code = '21' and outcome_at < timestamp '2016-01-01', false)
  and not coalesce(outcome_code = '22' and outcome_at < timestamp '2019-04-01', false)
  and coalesce(
    victim_type in ('public', 'staff', 'police_officer', 'emergency_worker', 'custody_officer', 'business'), true
  )
  and coalesce(circumstance in ('staff_victim', 'domestic', 'colleagues', 'by_staff', 'road_rage', 'other'), true)
  and not coalesce(regexp_matches(operation, '[\\s\\p{{Z}}]'), false) as is_sound
from typed
join files using (file)
left join classes using (class_code)
left join pairs on typed.class_code = pairs.class_code and typed.sub_code = pairs.sub_code
left join ward_names on lower(typed.ward) = ward_names.spelling
"""

# Copies of a number in a file must be alike; where they are not, none of them is sound.
CONFLICTS = f"""
create temp table conflicts as
with repeated as (
  select file, crime_number from raw where crime_number is not null group by all having count(*) > 1
)

select file, crime_number
from raw
semi join repeated using (file, crime_number)
group by all
having count(distinct hash({", ".join(LOADED)}, is_sound)) > 1;

create temp table standing as
select raw.file
from raw
left join conflicts using (file, crime_number)
group by raw.file
having count_if(not is_sound or conflicts.file is not null) < 10
  or count_if(not is_sound or conflicts.file is not null) <= 0.2 * count(*);
"""

STATES = f"""
create table states as
with accepted as (
  select raw.rowid as row_id, crime_number, extract_date, hash({", ".join(LOADED)}) as content
  from raw
  semi join standing using (file)
  anti join conflicts on raw.file = conflicts.file and raw.crime_number = conflicts.crime_number
  where is_sound
),

extracts as (
  select crime_number, extract_date, min(row_id) as row_id, any_value(content) as content from accepted group by all
),

spans as (
  select *, content is distinct from lag(content) over (partition by crime_number order by extract_date) as is_new
  from extracts
),

known as (
  select
    row_id,
    extract_date as known_from,
    lead(extract_date) over (partition by crime_number order by extract_date) as known_to
  from spans
  where is_new
)

select
  '{FORCE}' as force,
  date_trunc('month', recorded_at)::date as month,
  {", ".join(LOADED)},
  known_from,
  known_to
from known
join raw on known.row_id = raw.rowid
"""

# Few combinations decide what a crime counts in, so records are added up by them before measures come in.
MOVEMENTS = (
    """
create temp table turning_days as
select distinct day::date as day
from (select unnest([valid_from::date, valid_to::date + 1]) as day from measure_members)
where day is not null;

create temp table kind_counts as
select class_code, sub_code, victim_type, method_tags, operation, day, month, known_from, known_to, count(*) as crimes
from states
asof left join turning_days on states.recorded_at >= turning_days.day
where status = 'recorded'
group by all;

create table movements as
with kinds as (
  select distinct class_code, sub_code, victim_type, method_tags, operation, day from kind_counts
),

members as (
  select members.*, measures.theme
  from measure_members as members
  join measures using (measure)
  where police_uk_category is null and asb_category is null
),

counting as (
  select distinct kinds.*, members.measure
  from kinds
  join classes using (class_code)
  join members
    on members.class_code = kinds.class_code or (members.class_code is null and members.theme = classes.theme)
  where
    coalesce(members.sub_code = kinds.sub_code, members.sub_code is null)
    and coalesce(members.victim_type = kinds.victim_type, members.victim_type is null)
    and coalesce(members.operation = kinds.operation, members.operation is null)
    and coalesce(
      list_contains(list_transform(string_split(kinds.method_tags, ';'), lambda tag: trim(tag)), members.tag),
      members.tag is null
    )
    and coalesce(members.valid_from::date <= day, members.valid_from is null)
    and coalesce(day <= members.valid_to::date, true)
),

counted as (
  select counting.measure, kind_counts.month, known_from, known_to, sum(crimes)::bigint as crimes
  from kind_counts
  join counting
    on kind_counts.class_code = counting.class_code
    and kind_counts.sub_code is not distinct from counting.sub_code
    and kind_counts.victim_type is not distinct from counting.victim_type
    and kind_counts.method_tags is not distinct from counting.method_tags
    and kind_counts.operation is not distinct from counting.operation
    and kind_counts.day is not distinct from counting.day
  group by all
),

moves as (
  select measure, month, known_from as extract_date, crimes as change from counted
  union all
  select measure, month, known_to, -crimes from counted where known_to is not null
)

select '"""
    + FORCE
    + """' as force, measure, month, extract_date, sum(change)::bigint as change
from moves
group by all
having sum(change) <> 0
order by all
"""
)


def main() -> None:
    """Read the arguments, build, say how long each step took."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--landing", type=Path, required=True, help="folder of crimes_YYYY-MM-DD[_rN].csv")
    parser.add_argument("--out", type=Path, required=True, help="folder to write to; what is in it is replaced")
    parser.add_argument("--json", action="store_true", help="print the seconds per step as JSON")
    arguments = parser.parse_args()
    seconds = build(arguments.landing.absolute(), arguments.out.absolute())
    if arguments.json:
        print(json.dumps({"seconds": seconds}))
    else:
        print(", ".join(f"{step} {taken:.2f}" for step, taken in seconds.items()), "seconds")


def build(landing: Path, out: Path) -> dict[str, float]:
    """Write `results.duckdb` (raw, states, movements) and Parquet of the last two to `out`.

    Returns wall seconds per step. Exits with a message when there is no file of crimes.
    """
    seconds: dict[str, float] = {}

    @contextmanager
    def timed(step: str) -> Iterator[None]:
        began = time.perf_counter()
        yield
        seconds[step] = round(time.perf_counter() - began, 3)

    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    with duckdb.connect(str(out / "results.duckdb")) as connection:
        connection.execute("set enable_progress_bar = false")
        with timed("load"):
            files = crimes_files(landing)
            connection.execute("create temp table files (file varchar, extract_date date)")
            connection.executemany("insert into files values (?, ?)", [(str(path), day) for path, day in files])
            for seed in SEED_TABLES:
                connection.execute(
                    f"create temp table {seed} as from read_csv(?, header = true, all_varchar = true)",
                    [str(SEEDS / f"{seed}.csv")],
                )
            connection.execute(REFERENCE)
            connection.execute(LOAD, {"files": [str(path) for path, _ in files]})
        with timed("states"):
            connection.execute(CONFLICTS)
            connection.execute(STATES)
        with timed("counts"):
            connection.execute(MOVEMENTS)
        with timed("parquet"):
            for table in ("states", "movements"):
                connection.execute(f"copy {table} to '{out / f'{table}.parquet'}' (format parquet, compression zstd)")
        with timed("checkpoint"):
            connection.execute("checkpoint")
    return seconds


def crimes_files(landing: Path) -> list[tuple[Path, date]]:
    """The files of crimes below a folder with their extract dates, in order of these.

    Of an extract the highest revision stands, and of its copies the first path. A file with another header is left out.
    """
    found: dict[date, tuple[int, Path]] = {}
    for path in sorted(landing.rglob("crimes_*.csv")):
        named = CRIMES_FILE.fullmatch(path.name)
        if not named:
            continue
        with path.open(encoding="utf-8-sig") as opened:
            if opened.readline().rstrip("\r\n") != HEADER:
                continue
        day, revision = date.fromisoformat(named[1]), int(named[2] or 1)
        if day not in found or found[day][0] < revision:
            found[day] = (revision, path)
    if not found:
        sys.exit(f"no file crimes_YYYY-MM-DD.csv with the contract's header below {landing}")
    return [(path, day) for day, (_, path) in sorted(found.items())]


if __name__ == "__main__":
    main()
