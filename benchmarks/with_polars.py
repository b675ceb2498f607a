"""Street crimes or a force's crimes with Polars: read, typed, judged by every rule, made into states and counts.

As who knows Polars would: one lazy plan over all files for reading, typing and judging, expressions throughout, no
Python over rows. It writes `checks` (rows that break each rule), `states` and `movements` (by how much each measure and
month moved at each extract) as Parquet. It has no database, ledger, quarantine, marts, tests or as-of queries.
"""

# pyright: reportMissingImports=false

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import polars as pl
from bare_crimes import FORCE, LOADED, SEEDS, TIMES, crimes_files
from bare_street import street_files
from peer import CLOCKS, CODES, METHOD_TAGS, STREET, Steps, kwargs, run_peer, severities, type_rule

Rules = dict[str, pl.Expr]
KEYS = ("class_code", "sub_code", "victim_type", "method_tags", "operation", "day")
CRIMES_TYPED = (*CLOCKS, "easting", "northing", "alcohol", "domestic_abuse", "drugs", *CODES, "ward")
FLAGS = {"y": True, "true": True, "1": True, "n": False, "false": False, "0": False}
col = pl.col


def main() -> None:
    """Take one source through all steps."""
    run_peer(__doc__ or "", {"police_uk_street": street, "crimes": crimes})


def street(landing: Path, out: Path, steps: Steps) -> None:
    """Street crimes: slices of a force and a month, each the whole truth from its publication on."""
    with steps.timed("read"):
        rows = read(
            [(Path(path), {"file_month": month, "extract_date": day}) for path, month, day in street_files(landing)]
        )
        rows = rows.rename(STREET).with_columns(
            month__text=col("month"),
            month=(col("month") + "-01").str.to_date("%Y-%m-%d", strict=False),
            **{f"{name}__text": col(name) for name in ("longitude", "latitude")},
            **{name: col(name).cast(pl.Float64, strict=False) for name in ("longitude", "latitude")},
        )
        rows = rows.with_columns(
            **{
                f"{name}__as_given": pl.when(col(name).is_null()).then(col(f"{name}__text"))
                for name in ("month", "longitude", "latitude")
            }
        )
        named = (
            rows.group_by("file", "reported_by").len().drop_nulls().sort("len", "reported_by", descending=[True, False])
        )
        forces = named.group_by("file", maintain_order=True).agg(col("reported_by").first().alias("file_force"))
        rows = rows.join(forces, on="file", how="left")
    with steps.timed("validate"):
        rules = street_rules()
        checks = count_checks(rows, rules)
        rows = rows.with_columns(is_bad=breaks_critical("police_uk_street", rules))
    with steps.timed("states"):
        files = rows.group_by("file", "file_force", "file_month", "extract_date").agg(
            received=pl.len(), bad=col("is_bad").sum()
        )
        files = files.filter(
            col("file_force").is_not_null() & ((col("bad") < 10) | (col("bad") <= 0.2 * col("received")))
        )
        files = files.sort("file").unique(["file_force", "file_month", "extract_date"], keep="first")
        half = col("longitude").is_null() | col("latitude").is_null()
        is_placed = ~half & col("longitude").is_between(-9.0, 2.1) & col("latitude").is_between(49.5, 61.1)
        is_lsoa = col("lsoa_code").str.contains(kwargs("police_uk_street", "LSOA_CODE_FORMAT")["regex"])
        sound = (
            rows.filter(~col("is_bad"))
            .join(files, on="file", how="semi")
            .with_columns(
                longitude=pl.when(is_placed).then("longitude"),
                latitude=pl.when(is_placed).then("latitude"),
                lsoa_code=pl.when(is_lsoa).then("lsoa_code"),
            )
        )
        sound = sound.filter(col("crime_id").is_null() | (col("row") == col("row").max().over("file", "crime_id")))
        content = [name for name in STREET.values() if name not in ("month", "reported_by")]
        digests = (
            sound.select("file", digest=pl.struct(content).hash())
            .group_by("file")
            .agg(rows=pl.len(), digest=col("digest").sum())
        )
        slices = ["file_force", "file_month"]
        spans = files.join(digests, on="file", how="left").sort(*slices, "extract_date")
        spans = spans.with_columns(content=pl.struct("rows", "digest"))
        spans = spans.filter(col("content").ne_missing(col("content").shift().over(slices)) | first_of(slices))
        spans = spans.select("file", known_from="extract_date", known_to=col("extract_date").shift(-1).over(slices))
        states = sound.join(spans, on="file").select(
            col("file_force").alias("force"), "month", *content, "known_from", "known_to"
        )
    with steps.timed("counts"):
        members = (
            read_seed("measure_members")
            .filter(col("police_uk_category").is_not_null())
            .select("measure", "valid_from", "valid_to", crime_type="police_uk_category")
        )
        counted = (
            states.group_by("force", "month", "crime_type", "known_from", "known_to")
            .len()
            .join(members, on="crime_type")
        )
        counted = counted.filter(
            (col("valid_from").is_null() | (col("month") >= col("valid_from")))
            & (col("valid_to").is_null() | (col("month") <= col("valid_to")))
        )
        movements = moved(counted, ["force", "measure", "month"])
    with steps.timed("write"):
        write(out, checks=checks, states=states, movements=movements)


def street_rules() -> Rules:
    """Each rule of the contract as the expression that a row breaks."""
    asb = col("crime_type") == "Anti-social behaviour"
    has_place = col("longitude").is_not_null() & col("latitude").is_not_null()
    since_2013, since_2011 = date(2013, 5, 1), date(2011, 9, 1)

    def other_type(code: str) -> pl.Expr:
        return ~col("crime_type").is_in(kwargs("police_uk_street", code)["value_set"])

    return {
        "MONTH_TYPE": col("month__as_given").is_not_null(),
        "MONTH_MISSING": col("month").is_null() & col("month__as_given").is_null(),
        "REPORTED_BY_MISSING": col("reported_by").is_null(),
        "LONGITUDE_TYPE": col("longitude__as_given").is_not_null(),
        "LATITUDE_TYPE": col("latitude__as_given").is_not_null(),
        "CRIME_TYPE_MISSING": col("crime_type").is_null(),
        "FORCE_NOT_OF_FILE": col("reported_by") != col("file_force"),
        "MONTH_NOT_OF_FILE": col("month") != col("file_month"),
        "CRIME_ID_FORMAT": ~col("crime_id").str.contains("^[0-9a-f]{64}$"),
        "CRIME_TYPE_FROM_2013_05": (col("month") >= since_2013) & other_type("CRIME_TYPE_FROM_2013_05"),
        "CRIME_TYPE_FROM_2011_09": (col("month") >= since_2011)
        & (col("month") < since_2013)
        & other_type("CRIME_TYPE_FROM_2011_09"),
        "CRIME_TYPE_BEFORE_2011_09": (col("month") < since_2011) & other_type("CRIME_TYPE_BEFORE_2011_09"),
        "FALLS_WITHIN_MISSING": col("falls_within").is_null(),
        "COORDINATE_HALF": col("longitude").is_null() != col("latitude").is_null(),
        "LONGITUDE_OUTSIDE_UK": ~col("longitude").is_between(-9.0, 2.1),
        "LATITUDE_OUTSIDE_UK": ~col("latitude").is_between(49.5, 61.1),
        "LSOA_CODE_FORMAT": ~col("lsoa_code").str.contains(kwargs("police_uk_street", "LSOA_CODE_FORMAT")["regex"]),
        "OUTCOME_UNKNOWN": ~col("last_outcome").is_in(kwargs("police_uk_street", "OUTCOME_UNKNOWN")["value_set"]),
        "CRIME_ID_OF_ASB": asb & col("crime_id").is_not_null(),
        "OUTCOME_OF_ASB": asb & col("last_outcome").is_not_null(),
        "CRIME_ID_BLANK": ~asb & col("crime_id").is_null(),
        "OUTCOME_BLANK": ~asb & col("last_outcome").is_null(),
        "CRIME_TYPE_OF_ID_DIFFERS": col("crime_id").is_not_null()
        & (col("crime_type").min().over("file", "crime_id") != col("crime_type").max().over("file", "crime_id")),
        "PLACE_OF_NO_LOCATION": (col("location") == "No Location")
        & (col("longitude").is_not_null() | col("latitude").is_not_null() | col("lsoa_code").is_not_null()),
        "LOCATION_BLANK": col("location").is_null(),
        "LOCATION_WITHOUT_PLACE": (col("location") != "No Location")
        & col("longitude").is_null()
        & col("latitude").is_null(),
        "LSOA_BLANK": col("lsoa_code").is_null() & has_place,
        "LSOA_HALF": col("lsoa_code").is_null() != col("lsoa_name").is_null(),
    }


def crimes(landing: Path, out: Path, steps: Steps) -> None:
    """A force's crimes: each row the whole state of one record from its extract on."""
    with steps.timed("read"):
        rows = read([(path, {"extract_date": day}) for path, day in crimes_files(landing)]).select(
            "file", "row", "extract_date", *LOADED
        )
        rows = typed_crimes(rows)
    with steps.timed("validate"):
        unread = [f"{name}__as_given" for name in CRIMES_TYPED if name != "ward"]
        repeated = rows.filter(col("crime_number").is_not_null() & (pl.len().over("file", "crime_number") > 1))
        conflicts = (
            repeated.unique(["file", *LOADED, *unread]).group_by("file", "crime_number").len().filter(col("len") > 1)
        )
        rows = rows.join(
            conflicts.select("file", "crime_number", key_conflicts=True), on=["file", "crime_number"], how="left"
        )
        rules = crimes_rules()
        checks = count_checks(rows, rules)
        rows = rows.with_columns(is_bad=breaks_critical("crimes", rules))
    with steps.timed("states"):
        files = rows.group_by("file").agg(received=pl.len(), bad=col("is_bad").sum())
        files = files.filter((col("bad") < 10) | (col("bad") <= 0.2 * col("received")))
        sound = rows.filter(~col("is_bad")).join(files, on="file", how="semi")
        sound = sound.unique(["crime_number", "extract_date"], keep="first").sort("crime_number", "extract_date")
        record = ["crime_number"]
        sound = sound.with_columns(content=pl.struct(LOADED).hash())
        sound = sound.filter(col("content").ne_missing(col("content").shift().over(record)) | first_of(record))
        states = sound.with_columns(
            force=pl.lit(FORCE),
            month=col("recorded_at").dt.truncate("1mo").cast(pl.Date),
            known_from=col("extract_date"),
            known_to=col("extract_date").shift(-1).over(record),
        )
        facts = states.select("force", "month", *LOADED, "known_from", "known_to")
    with steps.timed("counts"):
        movements = count_measures(states)
    with steps.timed("write"):
        write(out, checks=checks, states=facts, movements=movements)


def typed_crimes(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows with values of their types, beside each the text that could not be read, and what is listed of codes."""
    offences = read_seed("offences").with_columns(recordable=col("recordable") == "true")
    classes = offences.filter(col("sub_code").is_null()).select(
        "class_code", "recordable", "theme", "offence_group", class_from="valid_from", class_to="valid_to"
    )
    pairs = offences.filter(col("sub_code").is_not_null())
    listed = pairs.group_by("class_code", "sub_code").agg(
        pair_from=col("valid_from").max(), pair_to=col("valid_to").min(), in_pairs=pl.lit(value=True)
    )
    wards = read_seed("wards")
    spellings = pl.concat(
        [wards.select("ward", spelling=col(name).str.to_lowercase()) for name in ("ward", "official_name")]
    ).unique()
    # The typed columns keep the text beside them where it says nothing of their type.
    texts = {name: col(name) for name in LOADED}
    texts["class_code"] = col("class_code").str.replace(r"^([0-9]{1,3})/([0-9]{1,2})$", "$1.$2")
    values = {
        **{
            name: pl.coalesce(*(texts[name].str.to_datetime(form, strict=False, time_unit="us") for form in TIMES))
            for name in CLOCKS
        },
        **{
            name: pl.when(texts[name].str.contains(r"^[+-]?[0-9]+([.]0+)?$")).then(
                texts[name].cast(pl.Float64, strict=False).cast(pl.Int64, strict=False)
            )
            for name in ("easting", "northing")
        },
        **{
            name: texts[name].str.to_lowercase().replace_strict(FLAGS, default=None, return_dtype=pl.Boolean)
            for name in ("alcohol", "domestic_abuse", "drugs")
        },
        **{name: pl.when(~texts[name].str.contains(r"[\s\p{Z}]")).then(texts[name]) for name in CODES},
    }
    rows = rows.join(
        spellings.rename({"ward": "listed"}),
        left_on=col("ward").str.to_lowercase(),
        right_on="spelling",
        how="left",
    )
    values["ward"] = col("listed")
    rows = rows.with_columns(
        **{f"{name}__as_given": pl.when(value.is_null()).then(texts[name]) for name, value in values.items()},
        **values,
    )
    rows = rows.join(classes, on="class_code", how="left").join(
        listed, on=["class_code", "sub_code"], how="left", nulls_equal=False
    )
    return rows.with_columns(
        has_pairs=col("class_code").is_in(pairs["class_code"].unique().to_list()),
        in_pairs=col("in_pairs").fill_null(value=False),
    )


def count_measures(states: pl.DataFrame) -> pl.DataFrame:
    """Movements of all measures. Records are counted by what decides their measures before these come in."""
    members = (
        read_seed("measure_members")
        .filter(col("police_uk_category").is_null() & col("asb_category").is_null())
        .join(read_seed("measures").select("measure", member_theme="theme"), on="measure")
    )
    days = members.select(pl.concat_list("valid_from", col("valid_to") + pl.duration(days=1)).explode().alias("day"))
    days = days.drop_nulls().unique().sort("day")
    states = states.filter(col("status") == "recorded").with_columns(recorded_on=col("recorded_at").dt.date())
    states = states.sort("recorded_on").join_asof(days, left_on="recorded_on", right_on="day", coalesce=False)
    counted = states.group_by(*KEYS, "theme", "force", "month", "known_from", "known_to").len()
    kinds = counted.select(*KEYS, "theme").unique().with_row_index("kind")
    candidates = pl.concat(
        [
            kinds.join(members, on="class_code", suffix="_member"),
            kinds.join(
                members.filter(col("class_code").is_null()).drop("class_code"),
                left_on="theme",
                right_on="member_theme",
                suffix="_member",
            ),
        ],
        how="diagonal",
    )

    def same(name: str) -> pl.Expr:
        return col(f"{name}_member").is_null() | (col(f"{name}_member") == col(name)).fill_null(value=False)

    tags = col("method_tags").str.split(";").list.eval(pl.element().str.strip_chars())
    counting = candidates.filter(
        same("sub_code")
        & same("victim_type")
        & same("operation")
        & (col("tag").is_null() | tags.list.contains(col("tag")).fill_null(value=False))
        & (col("valid_from").is_null() | (col("valid_from") <= col("day")).fill_null(value=False))
        & (col("valid_to").is_null() | col("day").is_null() | (col("day") <= col("valid_to")))
    )
    counting = counting.select("kind", "measure").unique()
    counted = counted.join(kinds, on=[*KEYS, "theme"], nulls_equal=True).join(counting, on="kind")
    return moved(counted, ["force", "measure", "month"])


def crimes_rules() -> Rules:
    """Each rule of the contract as the expression that a row breaks."""

    def unread(name: str) -> pl.Expr:
        return col(f"{name}__as_given").is_not_null()

    def blank(name: str) -> pl.Expr:
        return col(name).is_null() & col(f"{name}__as_given").is_null()

    def other(name: str, code: str) -> pl.Expr:
        return ~col(name).is_in(kwargs("crimes", code)["value_set"])

    def unlike(name: str, code: str) -> pl.Expr:
        return ~col(name).str.contains(kwargs("crimes", code)["regex"])

    recorded_on = col("recorded_at").dt.date()
    is_class = col("recordable").is_not_null()
    tags = col("method_tags").str.split(";").list.eval(pl.element().str.strip_chars())
    has_place = col("street").is_not_null() | col("premises").is_not_null() | col("easting").is_not_null()
    place = ["file", "class_code", "sub_code", "committed_from", "committed_to", "street", "ward", "premises"]
    place += ["easting", "northing"]
    number = col("crime_number")
    return {
        **{type_rule(name): unread(name) for name in CRIMES_TYPED},
        **{f"{name.upper()}_MISSING": blank(name) for name in ("crime_number", "status", "class_code", "recorded_at")},
        "KEY_REPEATED": col("key_conflicts"),
        "CRIME_NUMBER_FORMAT": unlike("crime_number", "CRIME_NUMBER_FORMAT"),
        "STATUS_UNKNOWN": other("status", "STATUS_UNKNOWN"),
        "CLASS_CODE_UNKNOWN": col("class_code").is_not_null() & ~is_class,
        "CLASS_CODE_FORMAT": ~is_class & unlike("class_code", "CLASS_CODE_FORMAT"),
        "CLASS_CODE_NOT_RECORDABLE": ~col("recordable"),
        "CLASS_CODE_NOT_VALID": (recorded_on < col("class_from")).fill_null(value=False)
        | (recorded_on > col("class_to")).fill_null(value=False),
        "SUB_CODE_UNKNOWN": col("sub_code").is_not_null() & col("has_pairs") & ~col("in_pairs"),
        "SUB_CODE_FORMAT": col("has_pairs") & unlike("sub_code", "SUB_CODE_FORMAT"),
        "SUB_CODE_NOT_VALID": (recorded_on < col("pair_from")).fill_null(value=False)
        | (recorded_on > col("pair_to")).fill_null(value=False),
        "RECORDED_AT_TOO_EARLY": col("recorded_at") < datetime(2000, 1, 1),  # noqa: DTZ001 - London wall time
        "RECORDED_AFTER_EXTRACT": recorded_on > col("extract_date"),
        "REPORTED_AFTER_RECORDED": col("reported_at") > col("recorded_at"),
        "COMMITTED_SPAN_REVERSED": col("committed_to") < col("committed_from"),
        "COMMITTED_AFTER_RECORDED": col("committed_from") > col("recorded_at"),
        "PREMISES_TYPE_UNKNOWN": other("premises_type", "PREMISES_TYPE_UNKNOWN"),
        "COORDINATE_HALF": blank("easting") != blank("northing"),
        "COORDINATE_OUTSIDE_FORCE": ~(
            col("easting").is_between(530460, 534350) & col("northing").is_between(179900, 182710)
        ),
        "OUTCOME_CODE_UNKNOWN": unlike("outcome_code", "OUTCOME_CODE_UNKNOWN"),
        "OUTCOME_21_TOO_EARLY": (col("outcome_code") == "21") & (col("outcome_at").dt.date() < date(2016, 1, 1)),
        "OUTCOME_22_TOO_EARLY": (col("outcome_code") == "22") & (col("outcome_at").dt.date() < date(2019, 4, 1)),
        "OUTCOME_BEFORE_RECORDED": col("outcome_at") < col("recorded_at"),
        "OUTCOME_HALF": blank("outcome_code") != blank("outcome_at"),
        "VICTIM_TYPE_UNKNOWN": other("victim_type", "VICTIM_TYPE_UNKNOWN"),
        "CIRCUMSTANCE_UNKNOWN": other("circumstance", "CIRCUMSTANCE_UNKNOWN"),
        "METHOD_TAG_UNKNOWN": tags.list.set_difference([*METHOD_TAGS, ""]).list.len() > 0,
        "SUB_CODE_BLANK": blank("sub_code") & col("has_pairs"),
        "SUB_CODE_ODD": ~col("has_pairs") & unlike("sub_code", "SUB_CODE_ODD"),
        "REPORTED_AT_BLANK": blank("reported_at"),
        "COMMITTED_FROM_BLANK": blank("committed_from"),
        "PLACE_UNKNOWN": ~has_place & col("ward").is_null() & col("northing").is_null(),
        "RECORDED_LATE": col("recorded_at") > col("reported_at") + pl.duration(hours=24),
        "REPORTED_BEFORE_COMMITTED": col("reported_at") < col("committed_from"),
        "COMMITTED_TO_AFTER_RECORDED": col("committed_to") > col("recorded_at"),
        "COMMITTED_SPAN_LONG": col("committed_to") > col("committed_from").dt.offset_by("1y"),
        "COMMITTED_TOO_EARLY": pl.min_horizontal("reported_at", "committed_from", "committed_to")
        < datetime(1900, 1, 1),  # noqa: DTZ001 - London wall time
        "OUTCOME_AFTER_EXTRACT": col("outcome_at").dt.date() > col("extract_date"),
        "OUTCOME_OF_CANCELLED": (col("status") == "cancelled") & col("outcome_code").is_not_null(),
        "OUTCOME_7_NOT_DRUGS": (col("outcome_code") == "7")
        & (col("offence_group").fill_null("") != "Drug offences")
        & col("class_code").is_not_null(),
        "DOMESTIC_NOT_FLAGGED": (col("circumstance") == "domestic")
        & ~col("domestic_abuse").fill_null(value=False)
        & col("domestic_abuse__as_given").is_null(),
        "VICTIM_NO_CONSTABLE": (col("class_code") == "104") & (col("victim_type") != "police_officer"),
        "METHOD_AGAINST_PREMISES": ((col("premises_type") != "gym") & tags.list.contains("gym"))
        | ((col("premises_type") != "licensed") & tags.list.contains("bag_licensed_premises")),
        "POSSIBLE_DUPLICATE": (col("status") == "recorded")
        & col("committed_from").is_not_null()
        & has_place
        & (number.min().over(place) != number.max().over(place)),
    }


def read(files: list[tuple[Path, dict[str, date]]]) -> pl.DataFrame:
    """The rows of all files as text without spaces around it, blank as null, with what is known of their file."""
    frames = [
        pl.scan_csv(path, infer_schema=False, row_index_name="row").with_columns(
            file=pl.lit(str(path)), **{name: pl.lit(value) for name, value in known.items()}
        )
        for path, known in files
    ]
    texts = pl.selectors.string() - pl.selectors.by_name("file")
    stripped = texts.str.strip_chars()
    return pl.concat(frames).with_columns(pl.when(stripped != "").then(stripped)).collect()


def read_seed(name: str) -> pl.DataFrame:
    """A seed of the project: text, but for its days."""
    seed = pl.read_csv(SEEDS / f"{name}.csv", infer_schema=False)
    days = [column for column in ("valid_from", "valid_to") if column in seed.columns]
    return seed.with_columns(col(days).str.to_date("%Y-%m-%d"))


def count_checks(rows: pl.DataFrame, rules: Rules) -> pl.DataFrame:
    """Rows that break each rule; a rule that is null of a row is not broken by it."""
    counts = (
        rows.lazy().select(**{code: broken.fill_null(value=False).sum() for code, broken in rules.items()}).collect()
    )
    return counts.unpivot(variable_name="rule", value_name="failed")


def breaks_critical(source: str, rules: Rules) -> pl.Expr:
    """Whether a row breaks a critical rule."""
    severity = severities(source)
    broken = [rule.fill_null(value=False) for code, rule in rules.items() if severity[code] == "critical"]
    return pl.any_horizontal(*broken)


def first_of(group: list[str]) -> pl.Expr:
    """Whether a row is the first of its group in the order of the frame."""
    return pl.int_range(pl.len()).over(group) == 0


def moved(counted: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    """By how much a count moved at each extract, from `len` rows known from and to."""
    came = counted.select(*keys, extract_date="known_from", change=col("len").cast(pl.Int64))
    went = counted.filter(col("known_to").is_not_null()).select(
        *keys, extract_date="known_to", change=-col("len").cast(pl.Int64)
    )
    moves = pl.concat([came, went]).group_by(*keys, "extract_date").agg(col("change").sum())
    return moves.filter(col("change") != 0)


def write(out: Path, **tables: pl.DataFrame) -> None:
    """Write each table as Parquet."""
    for name, table in tables.items():
        table.write_parquet(out / f"{name}.parquet")


if __name__ == "__main__":
    main()
