"""The street crimes of data.police.uk from a landing folder to marts in one DuckDB script, as fast as we know how.

What the pipeline is measured against (see README.md): the same states and marts, without Prefect, dbt, Great
Expectations, ledger, quarantine, descriptions and as-of macros. Its SQL is written from the definitions and shares
none with the dbt project, so that equal tables say something about both; only the seeds are shared.

Tuned for one full load: rows are typed, trimmed and judged while the text is read, in the one scan that there is;
files are told apart by name and rows by `rowid`; contents are compared only where a month was published twice; and
all measures of all themes are worked out in one query over counts. It takes UTF-8 text with the published header,
in files, not archives; anything else ends it with an error.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import re
import shutil
import sys
import time
from calendar import monthrange
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import duckdb

SEEDS = Path(__file__).resolve().parents[1] / "dbt_project" / "seeds"
SEED_TABLES = ("measures", "measure_members", "police_uk_categories")
THEMES = ("all_crime", "violence", "acquisitive_crime", "public_order", "asb")
HEADER = (
    "Crime ID,Month,Reported by,Falls within,Longitude,Latitude,Location,LSOA code,LSOA name,Crime type,"
    "Last outcome category,Context"
)
STREET_FILE = re.compile(r"(\d{4})-(0[1-9]|1[0-2])-.+-street\.csv(\.gz)?", re.IGNORECASE | re.ASCII)
PUBLISHED_FOLDER = re.compile(r"published-(\d{4})(?:-(0[1-9]|1[0-2]))?", re.IGNORECASE | re.ASCII)
MONTHS_TO_PUBLICATION = 2


def text(column: str) -> str:
    """SQL for a column's text without spaces around it; NULL when blank."""
    return f"nullif(trim({column}), '')"


# Everything that a row alone decides is decided here. Insertion order is kept, so rowid follows the lines of a file.
LOAD = f"""
create table raw as
with received as (
  select
    filename as file,
    {text("crime_id")} as crime_id,
    try_cast(month || '-01' as date) as month,
    {text("reported_by")} as reported_by,
    {text("falls_within")} as falls_within,
    try_cast(longitude as double) as longitude,
    try_cast(latitude as double) as latitude,
    {text("location")} as location,
    {text("lsoa_code")} as lsoa_code,
    {text("lsoa_name")} as lsoa_name,
    {text("crime_type")} as crime_type,
    {text("last_outcome")} as last_outcome,
    {text("context")} as context
  from read_csv(
    $files,
    header = true,
    delim = ',',
    quote = '"',
    escape = '"',
    auto_detect = false,
    filename = true,
    columns = {{
      crime_id: 'varchar', month: 'varchar', reported_by: 'varchar', falls_within: 'varchar', longitude: 'varchar',
      latitude: 'varchar', location: 'varchar', lsoa_code: 'varchar', lsoa_name: 'varchar', crime_type: 'varchar',
      last_outcome: 'varchar', context: 'varchar'
    }}
  )
),

judged as (
  select
    *,
    longitude between -9.0 and 2.1 and latitude between 49.5 and 61.1 as has_place,
    crime_id is null or regexp_full_match(crime_id, '[0-9a-f]{{64}}') as is_sound
  from received
)

select
  file,
  crime_id,
  month,
  reported_by,
  falls_within,
  if(has_place, longitude, null) as longitude,
  if(has_place, latitude, null) as latitude,
  location,
  if(
    regexp_full_match(lsoa_code, '([EW]01|S01|N[0-9][0-9])[0-9]{{6}}|95[A-Z][A-Z][0-9][0-9][A-Z][0-9]'),
    lsoa_code,
    null
  ) as lsoa_code,
  lsoa_name,
  crime_type,
  last_outcome,
  context,
  is_sound
from judged
"""

# Rows that agree in all that the critical rules look at share their verdict: a few thousand groups stand for all rows.
GROUPS = """
create temp table row_groups as
with counted as (
  select file, reported_by, month, crime_type, is_sound, count(*) as row_count from raw group by all
),

forces as (
  select file, arg_min(reported_by, (-row_count, reported_by)) as force
  from (
    select file, reported_by, sum(row_count) as row_count
    from counted where reported_by is not null group by all
  )
  group by file
),

categories as (
  select category, valid_from::date as valid_from, coalesce(valid_to::date, date '9999-12-01') as valid_to
  from police_uk_categories
)

select
  counted.*,
  files.month as file_month,
  files.extract_date,
  forces.force,
  counted.is_sound
  and counted.month is not distinct from files.month
  and counted.reported_by is not distinct from forces.force
  and exists (
    from categories
    where categories.category = counted.crime_type and files.month between valid_from and valid_to
  ) as is_accepted
from counted
join files on counted.file = files.file
left join forces on counted.file = forces.file
"""

# Of two files that claim the same extract the first path stands; a file with too many bad rows does not stand at all.
DELIVERIES = """
create table deliveries as
with files as (
  select
    file,
    force,
    file_month as month,
    extract_date,
    sum(row_count) as received,
    coalesce(sum(row_count) filter (not is_accepted), 0) as bad
  from row_groups
  group by all
),

standing as (
  select * from files
  where force is not null and (bad < 10 or bad <= 0.2 * received)
  qualify row_number() over (partition by force, month, extract_date order by file) = 1
),

first_rows as (
  select file, min(rowid) as first_rowid from raw group by file
)

select standing.*, first_rows.first_rowid, count(*) over (partition by force, month) > 1 as is_republished
from standing
join first_rows using (file)
"""

ACCEPTED_ROWS = """
create temp view accepted_rows as
select raw.rowid as row_id, raw.*
from raw
semi join deliveries on raw.file = deliveries.file
semi join (from row_groups where is_accepted) as sound
  on raw.file = sound.file
  and raw.reported_by = sound.reported_by
  and raw.month = sound.month
  and raw.crime_type = sound.crime_type
  and raw.is_sound = sound.is_sound
"""

# The last row of a Crime ID in a file is the crime. Grouping hashes finds the few that repeat; they are then compared.
SUPERSEDED = """
create temp table superseded as
with identified as (
  select row_id, file, crime_id, hash(crime_id) as id_hash
  from accepted_rows
  where crime_id is not null
),

repeated as (
  select file, id_hash from identified group by all having count(*) > 1
)

select row_id
from identified
semi join repeated using (file, id_hash)
qualify row_id < max(row_id) over (partition by file, crime_id)
"""

# A publication is compared with the one before it as a bag of rows; one that says the same begins no state.
SPANS = """
create temp table spans as
with contents as (
  select
    rows.file,
    count(*) as row_count,
    sum(hash(
      crime_id, falls_within, longitude, latitude, location, lsoa_code, lsoa_name, crime_type, last_outcome, context
    )) as digest
  from accepted_rows as rows
  semi join (from deliveries where is_republished) as republished on rows.file = republished.file
  anti join superseded on rows.row_id = superseded.row_id
  group by rows.file
),

compared as (
  select
    deliveries.*,
    not is_republished
    or lag(file) over publications is null
    or (row_count, digest) is distinct from lag((row_count, digest)) over publications as is_new
  from deliveries
  left join contents using (file)
  window publications as (partition by force, month order by extract_date)
)

select
  file,
  force,
  month,
  first_rowid,
  extract_date as known_from,
  lead(extract_date) over (partition by force, month order by extract_date) as known_to
from compared
where is_new
"""

STATES = """
create table states as
select
  spans.force,
  spans.month,
  rows.row_id - spans.first_rowid + 2 as record_no,
  rows.crime_id,
  rows.falls_within,
  rows.longitude,
  rows.latitude,
  rows.location,
  rows.lsoa_code,
  rows.lsoa_name,
  rows.crime_type,
  rows.last_outcome,
  rows.context,
  spans.known_from,
  spans.known_to
from accepted_rows as rows
join spans on rows.file = spans.file
anti join superseded on rows.row_id = superseded.row_id
"""

FACTS = {
    "street_crime_versions": "select * exclude (record_no) from warehouse.states",
    "street_crimes": """
        select * exclude (known_from, known_to) from safer_city.marts.street_crime_versions where known_to is null
    """,
}

COUNTS = """
create temp table members as
select measure, police_uk_category, valid_from::date as valid_from, valid_to::date as valid_to
from measure_members
where police_uk_category is not null;

create temp table reached as
select measure, theme, label from measures semi join members using (measure);

create temp table category_counts as
select force, month, crime_type, known_from, known_to, count(*) as row_count from warehouse.states group by all;

create temp table movements as
with moves as (
  select force, month, crime_type, known_from as extract_date, row_count as change from category_counts
  union all
  select force, month, crime_type, known_to, -row_count from category_counts where known_to is not null
)
select members.measure, moves.force, moves.month, moves.extract_date, sum(moves.change)::bigint as change
from moves
join members on moves.crime_type = members.police_uk_category
where moves.month between coalesce(members.valid_from, moves.month) and coalesce(members.valid_to, moves.month)
group by all
having sum(moves.change) <> 0;

create temp table months as
select force, unnest(generate_series(min(month), max(month), interval 1 month))::date as month
from warehouse.deliveries
group by force;
"""

COVERAGE = """
with published as (
  select distinct force, month from warehouse.deliveries
),

-- A month can be in several extracts; its current rows are those of the last, and one with no rows left has none.
held as (
  select
    force,
    month,
    count(distinct known_from) as deliveries,
    coalesce(sum(row_count) filter (known_to is null), 0) as row_count,
    min(known_from) as first_extract,
    max(known_from) as last_extract
  from category_counts
  group by all
)

select
  'police_uk_street' as source,
  months.force,
  months.month,
  if(published.month is null, 'missing', 'complete') as state,
  coalesce(held.deliveries, 0)::bigint as deliveries,
  coalesce(held.row_count, 0)::bigint as rows,
  held.first_extract,
  held.last_extract
from months
left join published using (force, month)
left join held using (force, month)
order by all
"""

RESTATEMENTS = """
with first_extracts as (
  select force, month, min(extract_date) as extract_date from warehouse.deliveries group by all
),

moments as (
  select force, measure, month, extract_date, coalesce(change, 0) as change, true as first_published
  from first_extracts
  cross join reached
  left join movements using (force, measure, month, extract_date)
  union all by name
  select movements.*, false as first_published
  from movements
  join first_extracts using (force, month)
  where movements.extract_date > first_extracts.extract_date
),

counted as (
  select
    *,
    sum(change) over (partition by force, measure, month order by extract_date)::bigint as offences,
    if(first_published, null, 0)::bigint as no_cause
  from moments
)

select
  'police_uk' as record_source,
  force,
  measure,
  month,
  extract_date,
  offences,
  if(first_published, null, offences - change) as previous_offences,
  if(first_published, null, change) as change,
  no_cause as recorded_late,
  no_cause as reclassified_in,
  no_cause as reclassified_out,
  no_cause as cancelled,
  no_cause as reinstated,
  no_cause as date_changed_in,
  no_cause as date_changed_out,
  if(first_published, null, change) as resupplied,
  first_published
from counted
order by all
"""

# Months are contiguous within a force, so a row offset is a span of months, and within one calendar month of years.
# Places of the current rows: as many small groups as there are places with a crime in a month.
HOTSPOTS = """
create temp table hotspots as
with current_rows as (
  select force, month, crime_type, location, lsoa_code from warehouse.states where known_to is null
),

grouped as (
  select
    force,
    month,
    crime_type,
    'street' as place_type,
    nullif(trim(if(location = 'No Location', '', regexp_replace(location, '^On or near( |$)', ''))), '') as place,
    count(*) as row_count
  from current_rows
  group by all
  union all
  select force, month, crime_type, 'lsoa' as place_type, lsoa_code as place, count(*) as row_count
  from current_rows
  group by all
),

placed as (
  select members.measure, force, month, place_type, place, sum(row_count)::bigint as offences
  from grouped
  join members on grouped.crime_type = members.police_uk_category
  where
    grouped.place is not null
    and grouped.month between coalesce(members.valid_from, grouped.month) and coalesce(members.valid_to, grouped.month)
  group by all
),

totals as (
  select measure, force, month, sum(change)::bigint as offences from movements group by all
)

select
  'police_uk' as record_source,
  placed.force,
  placed.measure,
  placed.month,
  placed.place_type,
  placed.place,
  placed.offences,
  round(1000 * placed.offences / totals.offences) / 10 as share_pct,
  dense_rank() over (
    partition by placed.force, placed.measure, placed.month, placed.place_type order by placed.offences desc
  )::integer as rank,
  count_if(placed.offences > 1) over (
    partition by placed.force, placed.measure, placed.place_type, placed.place
    order by placed.month
    range between interval 2 month preceding and current row
  )::integer as repeat_months
from placed
join totals using (measure, force, month)
"""

PERFORMANCE = """
create temp table performance as
with known as (
  select force, measure, month, sum(change) as offences from movements group by all
),

-- A month whose rows have all gone does not begin the series.
first_months as (
  select force, min(month) as first_month from category_counts where known_to is null group by force
),

published as (
  select distinct force, month from warehouse.deliveries
),

monthly as (
  select
    reached.theme,
    months.force,
    reached.measure,
    reached.label,
    months.month,
    date_trunc('year', months.month - interval 3 month)::date + interval 3 month as year_start,
    published.month is not null as is_covered,
    if(is_covered, coalesce(known.offences, 0), null)::bigint as offences
  from months
  join first_months on months.force = first_months.force and months.month >= first_months.first_month
  cross join reached
  left join published on months.force = published.force and months.month = published.month
  left join known
    on months.force = known.force and months.month = known.month and reached.measure = known.measure
),

compared as (
  select
    *,
    lag(offences) over series as previous_month,
    if(
      count(offences) over year_to_date = date_diff('month', year_start, month) + 1,
      sum(offences) over year_to_date,
      null
    ) as fytd,
    if(count(offences) over last_12 = 12, sum(offences) over last_12, null) as rolling_12,
    avg(offences) over years_before as five_year_average,
    count(offences) over years_before as five_year_years,
    count(offences) over last_7 = 7 as has_7,
    min(offences) over last_7 as low_7,
    max(offences) over last_7 as high_7,
    count(offences) over last_3 = 3 as has_3,
    min(offences) over last_3 as low_3,
    max(offences) over last_3 as high_3,
    min(offences) over two_before as low_2_before,
    max(offences) over two_before as high_2_before
  from monthly
  window
    series as (partition by force, measure order by month),
    year_to_date as (partition by force, measure, year_start order by month),
    years_before as (
      partition by force, measure, month(month) order by month rows between 5 preceding and 1 preceding
    ),
    last_12 as (partition by force, measure order by month rows 11 preceding),
    last_7 as (partition by force, measure order by month rows 6 preceding),
    last_3 as (partition by force, measure order by month rows 2 preceding),
    two_before as (partition by force, measure order by month rows between 2 preceding and 1 preceding)
),

with_history as (
  select
    *,
    lag(fytd, 12) over series as fytd_previous,
    lag(rolling_12, 12) over series as rolling_12_previous,
    count_if(offences > previous_month) over last_6 as rises,
    count_if(offences < previous_month) over last_6 as falls,
    count_if((offences > five_year_average) is not true) over series as times_not_above
  from compared
  window
    series as (partition by force, measure order by month),
    last_6 as (partition by force, measure order by month rows 5 preceding)
),

with_runs as (
  select
    *,
    case
      when offences > five_year_average then count_if(offences > five_year_average) over (
        partition by force, measure, times_not_above order by month
      )
      when offences <= five_year_average then 0
    end as above_five_year_run
  from with_history
),

baselines as (
  select
    charted.force,
    charted.measure,
    charted.year_start,
    min(base.month) filter (base.offences is not null) as baseline_from,
    max(base.month) filter (base.offences is not null) as baseline_to,
    count(base.offences) as baseline_months,
    avg(base.offences) as mean,
    avg(abs(base.offences - base.previous_month)) filter (base.month > charted.year_start - interval 24 month)
      as mean_moving_range
  from (select distinct force, measure, year_start from monthly) as charted
  left join compared as base
    on charted.force = base.force
    and charted.measure = base.measure
    and base.month >= charted.year_start - interval 24 month
    and base.month < charted.year_start
  group by all
),

-- Doubles carry some 15 digits: at nine decimals a line that is a whole number is one, and a count can lie on it.
limits as (
  select
    *,
    if(mean_moving_range is null, null, mean) as centre_line,
    round(mean + 2.66 * mean_moving_range, 9) as upper_limit,
    round(mean - 2.66 * mean_moving_range, 9) as natural_lower_limit,
    round(mean + 2.66 * mean_moving_range * 2 / 3, 9) as near_upper,
    round(mean - 2.66 * mean_moving_range * 2 / 3, 9) as near_lower
  from baselines
)

select
  months.theme,
  'police_uk' as record_source,
  months.force,
  months.measure,
  months.label as measure_label,
  months.month,
  if(months.is_covered, 'complete', 'missing') as coverage,
  months.offences,
  months.previous_month,
  months.offences - months.previous_month as change,
  pct(months.offences, months.previous_month) as change_pct,
  2 * (sqrt(months.offences) - sqrt(months.previous_month)) as change_z,
  if(months.previous_month < 5, 'no_percentage', if(months.previous_month < 20, 'small_base', null)) as base_note,
  months.fytd::bigint as fytd,
  months.fytd_previous::bigint as fytd_previous,
  pct(months.fytd, months.fytd_previous) as fytd_change_pct,
  months.rolling_12::bigint as rolling_12,
  months.rolling_12_previous::bigint as rolling_12_previous,
  pct(months.rolling_12, months.rolling_12_previous) as rolling_12_change_pct,
  months.five_year_average,
  months.five_year_years::integer as five_year_years,
  months.above_five_year_run::integer as above_five_year_run,
  limits.baseline_from,
  limits.baseline_to,
  limits.baseline_months::integer as baseline_months,
  case when limits.centre_line is null then 'none' when limits.baseline_months < 12 then 'trial' end as limits_note,
  limits.centre_line,
  if(limits.natural_lower_limit < 0, 0, limits.natural_lower_limit) as lower_limit,
  limits.upper_limit,
  case
    when months.offences > limits.upper_limit then 'above_limit'
    when limits.centre_line is not null and months.offences < greatest(limits.natural_lower_limit, 0) then 'below_limit'
    when months.has_7 and months.low_7 > limits.centre_line then 'run_above'
    when months.has_7 and months.high_7 < limits.centre_line then 'run_below'
    when months.rises = 6 then 'trend_up'
    when months.falls = 6 then 'trend_down'
    when
      months.has_3
      and months.low_3 > limits.centre_line
      and least(months.offences, months.high_2_before) > limits.near_upper
      then 'near_upper'
    when
      months.has_3
      and months.high_3 < limits.centre_line
      and greatest(months.offences, months.low_2_before) < limits.near_lower
      then 'near_lower'
  end as signal
from with_runs as months
join limits using (force, measure, year_start)
"""

# The quotient of two counts is never so near to a half that rounding the double could go wrong.
PERCENTAGE = "create temp macro pct(new, old) as round(1000 * (new - old) / nullif(old, 0)) / 10 + 0.0"


def main() -> None:
    """Read the arguments, build, say how long each step took."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--landing", type=Path, required=True, help="folder of YYYY-MM-<force>-street.csv[.gz]")
    parser.add_argument("--out", type=Path, required=True, help="folder to write to; what is in it is replaced")
    parser.add_argument("--json", action="store_true", help="print the seconds per step as JSON")
    arguments = parser.parse_args()
    seconds = build(arguments.landing.absolute(), arguments.out.absolute())
    if arguments.json:
        print(json.dumps({"seconds": seconds}))
    else:
        print(", ".join(f"{step} {taken:.2f}" for step, taken in seconds.items()), "seconds")


def build(landing: Path, out: Path) -> dict[str, float]:
    """Write `warehouse.duckdb` (raw, states), `safer_city.duckdb` (marts) and `parquet/` to `out`.

    Returns wall seconds per step. Exits with a message when there is no street file, or one with another header.
    """
    seconds: dict[str, float] = {}

    @contextmanager
    def timed(step: str) -> Iterator[None]:
        began = time.perf_counter()
        yield
        seconds[step] = round(time.perf_counter() - began, 3)

    shutil.rmtree(out, ignore_errors=True)
    (out / "parquet").mkdir(parents=True)
    with timed("find"):
        files = street_files(landing)
    with duckdb.connect(str(out / "warehouse.duckdb")) as connection:
        connection.execute("set enable_progress_bar = false")
        with timed("load"):
            connection.execute("create temp table files (file varchar, month date, extract_date date)")
            connection.executemany("insert into files values (?, ?, ?)", files)
            connection.execute(LOAD, {"files": [file for file, _, _ in files]})
        with timed("states"):
            read_seeds(connection)
            for statement in (GROUPS, DELIVERIES, ACCEPTED_ROWS, SUPERSEDED, SPANS, STATES):
                connection.execute(statement)
        with timed("marts"):
            build_marts(connection, out)
        with timed("parquet"):
            write_parquet(connection, out / "parquet")
        with timed("checkpoint"):
            connection.execute("checkpoint; checkpoint safer_city; use warehouse; detach safer_city")
    return seconds


def street_files(landing: Path) -> list[tuple[str, date, date]]:
    """Path, month and extract date of the street files below a folder, in byte order of path."""
    found = []
    today = date.today()  # noqa: DTZ011 - a day more or less matters to no published file
    for folder, _, names in os.walk(landing):
        for name in names:
            named = STREET_FILE.fullmatch(name)
            if not named:
                continue
            path = Path(folder, name)
            month = date(int(named[1]), int(named[2]), 1)
            published = published_on(path, month)
            check_header(path)
            if published <= today:
                found.append((str(path), month, published))
    if not found:
        sys.exit(f"no file YYYY-MM-<force>-street.csv or .csv.gz below {landing}")
    return sorted(found, key=lambda file: os.fsencode(file[0]))


def published_on(path: Path, month: date) -> date:
    """The last day of the nearest folder `published-YYYY[-MM]`, else of the second month after the data month."""
    for folder in path.parents:
        if named := PUBLISHED_FOLDER.fullmatch(folder.name):
            return month_end(int(named[1]), int(named[2] or 12))
    years, months = divmod(month.month - 1 + MONTHS_TO_PUBLICATION, 12)
    return month_end(month.year + years, months + 1)


def month_end(year: int, month: int) -> date:
    """The last day of a month."""
    return date(year, month, monthrange(year, month)[1])


def check_header(path: Path) -> None:
    """Columns are read by their place, so a header that is another one must not pass."""
    reader = gzip.open if path.suffix.lower() == ".gz" else open
    with reader(path, "rt", encoding="utf-8-sig") as opened:
        if opened.readline().rstrip("\r\n") != HEADER:
            sys.exit(f"{path} has another header than data.police.uk publishes; this script reads that one only")


def read_seeds(connection: duckdb.DuckDBPyConnection) -> None:
    """Make a temporary table of each seed, all text."""
    for seed in SEED_TABLES:
        file = str(SEEDS / f"{seed}.csv")
        connection.execute(f"create temp table {seed} as from read_csv(?, header = true, all_varchar = true)", [file])


def build_marts(connection: duckdb.DuckDBPyConnection, out: Path) -> None:
    """Build the release file, in the storage format that DuckDB 1.x reads too."""
    connection.execute(f"attach '{out / 'safer_city.duckdb'}' as safer_city (storage_version 'v1.0.0')")
    connection.execute("create schema safer_city.marts")
    for table, query in FACTS.items():
        connection.execute(f"create table safer_city.marts.{table} as {query}")
    connection.execute(PERCENTAGE)
    connection.execute(COUNTS)
    connection.execute(PERFORMANCE)
    for theme in THEMES:
        connection.execute(
            f"create table safer_city.marts.{theme}_performance as"
            f" select * exclude (theme) from performance where theme = '{theme}' order by all"
        )
    connection.execute(HOTSPOTS)
    for theme in THEMES:
        if theme != "all_crime":
            connection.execute(
                f"create table safer_city.marts.{theme}_hotspots as from hotspots"
                f" where measure in (select measure from reached where theme = '{theme}') order by all"
            )
    connection.execute(f"create table safer_city.marts.coverage as {COVERAGE}")
    connection.execute(f"create table safer_city.marts.restatements as {RESTATEMENTS}")


def write_parquet(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Write each mart as a Parquet file."""
    tables = connection.execute("select table_name from duckdb_tables() where schema_name = 'marts'").fetchall()
    for (table,) in tables:
        connection.execute(
            f"copy safer_city.marts.{table} to '{folder / f'{table}.parquet'}' (format parquet, compression zstd)"
        )


if __name__ == "__main__":
    main()
