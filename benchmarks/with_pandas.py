"""Street crimes or a force's crimes with pandas and Great Expectations: frames, a suite on them, `to_sql` to DuckDB.

As who knows both would: all files become one frame of text; columns are typed at once; the suite has every rule of the
contract, those on one column by their own expectation and those on several as a column of its own that must be False;
only critical rules are asked which rows failed; `to_sql` hands DuckDB whole frames and no single rows. There is no
ledger, quarantine, marts, tests or as-of queries.
"""

# pyright: reportMissingImports=false, reportAttributeAccessIssue=false

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from bare_crimes import FORCE, LOADED, SEEDS, TIMES, crimes_files
from bare_street import HEADER as STREET_HEADER
from bare_street import street_files
from peer import CLOCKS, CODES, METHOD_TAGS, STREET, Steps, contract, kwargs, run_peer, severities, type_rule

Frame = pd.DataFrame
Masks = dict[str, "pd.Series[bool]"]
KEYS = ["class_code", "sub_code", "victim_type", "method_tags", "operation", "day"]
KNOWN_TAGS = {*METHOD_TAGS, ""}
FLAGS = {"y": True, "true": True, "1": True, "n": False, "false": False, "0": False}


def main() -> None:
    """Take one source through all steps."""
    run_peer(__doc__ or "", {"police_uk_street": street, "crimes": crimes})


def street(landing: Path, out: Path, steps: Steps) -> None:
    """Street crimes: slices of a force and a month, each the whole truth from its publication on."""
    with steps.timed("read"):
        rows = read(
            [(Path(path), {"file_month": month, "extract_date": day}) for path, month, day in street_files(landing)],
            STREET_HEADER.split(","),
        ).rename(columns=STREET)
        values: dict[str, pd.Series] = {
            "month": pd.to_datetime(rows["month"], format="%Y-%m", errors="coerce"),
            "longitude": pd.to_numeric(rows["longitude"], errors="coerce"),
            "latitude": pd.to_numeric(rows["latitude"], errors="coerce"),
        }
        rows = typed(rows, values)
        named = rows.groupby(["file", "reported_by"]).size().rename("size").reset_index()
        named = named.sort_values(["file", "size", "reported_by"], ascending=[True, False, True])
        rows["file_force"] = rows["file"].map(named.drop_duplicates("file").set_index("file")["reported_by"])
    with steps.timed("validate"):
        checks, bad = judge("police_uk_street", rows, street_masks(rows))
    with steps.timed("states"):
        files = standing(rows, bad, ["file_force", "file_month", "extract_date"])
        files = files.dropna(subset="file_force").sort_values("file")
        files = files.drop_duplicates(["file_force", "file_month", "extract_date"])
        sound = rows[~bad & rows["file"].isin(files["file"])].copy()
        placed = sound["longitude"].between(-9.0, 2.1) & sound["latitude"].between(49.5, 61.1)
        sound.loc[~placed, ["longitude", "latitude"]] = np.nan
        lsoa = sound["lsoa_code"].str.fullmatch(kwargs("police_uk_street", "LSOA_CODE_FORMAT")["regex"], na=False)
        sound["lsoa_code"] = sound["lsoa_code"].where(lsoa)
        sound = sound[sound["crime_id"].isna() | ~sound.duplicated(["file", "crime_id"], keep="last")]
        content = [name for name in STREET.values() if name not in ("month", "reported_by")]
        slices = ["file_force", "file_month"]
        republished = files[files.duplicated(slices, keep=False)]["file"]
        compared = sound[sound["file"].isin(republished)]
        digests = (
            pd.util.hash_pandas_object(compared[content], index=False).groupby(compared["file"]).agg(["size", "sum"])
        )
        files = files.sort_values([*slices, "extract_date"]).join(digests, on="file")
        before = files.groupby(slices)[["size", "sum"]].shift()
        is_first = files.groupby(slices).cumcount() == 0
        files = files[is_first | (files["size"] != before["size"]) | (files["sum"] != before["sum"])]
        files = files.assign(known_from=files["extract_date"], known_to=files.groupby(slices)["extract_date"].shift(-1))
        states = sound.merge(files[["file", "known_from", "known_to"]], on="file").rename(
            columns={"file_force": "force"}
        )
    with steps.timed("counts"):
        members = read_seed("measure_members").rename(columns={"police_uk_category": "crime_type"})
        members = members.dropna(subset="crime_type")[["measure", "crime_type", "valid_from", "valid_to"]]
        counted = count(states, ["force", "month", "crime_type", "known_from", "known_to"])
        counted = counted.merge(members, on="crime_type")
        is_valid = (counted["valid_from"].isna() | (counted["month"] >= counted["valid_from"])) & (
            counted["valid_to"].isna() | (counted["month"] <= counted["valid_to"])
        )
        movements = moved(counted[is_valid])
    with steps.timed("to_sql"):
        states = states[["force", "month", *content, "known_from", "known_to"]]
        to_sql(out, steps, checks=checks, states=states, movements=movements)


def street_masks(rows: Frame) -> Masks:
    """The rules of the contract that need more than one column or a condition: whether a row breaks them."""
    asb = rows["crime_type"] == "Anti-social behaviour"
    crime = rows["crime_type"].notna() & ~asb
    has = rows.notna()
    place = has["longitude"] & has["latitude"]
    since_2013, since_2011 = rows["month"] >= "2013-05-01", rows["month"] >= "2011-09-01"
    types = rows.groupby(["file", "crime_id"])["crime_type"]
    nowhere = rows["location"] == "No Location"

    def other_type(code: str) -> pd.Series:
        return has["crime_type"] & ~rows["crime_type"].isin(kwargs("police_uk_street", code)["value_set"])

    return {
        "FORCE_NOT_OF_FILE": has["reported_by"] & has["file_force"] & (rows["reported_by"] != rows["file_force"]),
        "MONTH_NOT_OF_FILE": has["month"] & (rows["month"] != rows["file_month"]),
        "CRIME_TYPE_FROM_2013_05": since_2013 & other_type("CRIME_TYPE_FROM_2013_05"),
        "CRIME_TYPE_FROM_2011_09": since_2011 & ~since_2013 & other_type("CRIME_TYPE_FROM_2011_09"),
        "CRIME_TYPE_BEFORE_2011_09": (rows["month"] < "2011-09-01") & other_type("CRIME_TYPE_BEFORE_2011_09"),
        "COORDINATE_HALF": has["longitude"] != has["latitude"],
        "CRIME_ID_OF_ASB": asb & has["crime_id"],
        "OUTCOME_OF_ASB": asb & has["last_outcome"],
        "CRIME_ID_BLANK": crime & ~has["crime_id"],
        "OUTCOME_BLANK": crime & ~has["last_outcome"],
        "CRIME_TYPE_OF_ID_DIFFERS": has["crime_id"] & (types.transform("nunique") > 1),
        "PLACE_OF_NO_LOCATION": nowhere & (has["longitude"] | has["latitude"] | has["lsoa_code"]),
        "LOCATION_WITHOUT_PLACE": has["location"] & ~nowhere & ~has["longitude"] & ~has["latitude"],
        "LSOA_BLANK": ~has["lsoa_code"] & place,
        "LSOA_HALF": has["lsoa_code"] != has["lsoa_name"],
    }


def crimes(landing: Path, out: Path, steps: Steps) -> None:
    """A force's crimes: each row the whole state of one record from its extract on."""
    offences = read_seed("offences")
    classes = offences[offences["sub_code"].isna()].set_index("class_code")
    pairs = offences.dropna(subset="sub_code")
    listed = pairs.groupby(["class_code", "sub_code"]).agg(
        pair_from=("valid_from", "max"), pair_to=("valid_to", "min"), in_pairs=("title", "size")
    )
    wards = read_seed("wards")
    spellings = pd.concat(
        [pd.Series(wards["ward"].values, wards[name].str.lower()) for name in ("ward", "official_name")]
    )
    spellings = spellings[~spellings.index.duplicated()]
    with steps.timed("read"):
        rows = read([(path, {"extract_date": day}) for path, day in crimes_files(landing)], list(LOADED))
        rows["class_code"] = rows["class_code"].str.replace(r"^([0-9]{1,3})/([0-9]{1,2})$", r"\1.\2", regex=True)
        values: dict[str, pd.Series] = {name: read_times(rows[name]) for name in CLOCKS}
        for name in ("easting", "northing"):
            is_whole = rows[name].str.fullmatch(r"[+-]?[0-9]+([.]0+)?", na=False)
            values[name] = pd.to_numeric(rows[name].where(is_whole)).astype("Float64").astype("Int64")
        for name in ("alcohol", "domestic_abuse", "drugs"):
            values[name] = rows[name].str.lower().map(FLAGS).astype("boolean")
        for name in CODES:
            values[name] = rows[name].where(~rows[name].str.contains(r"\s", na=False))
        values["ward"] = rows["ward"].str.lower().map(spellings)
        rows = typed(rows, values)
        rows = rows.join(classes[["recordable", "theme", "offence_group"]], on="class_code")
        rows = rows.join(classes[["valid_from", "valid_to"]].add_prefix("class_"), on="class_code")
        rows = rows.join(listed, on=["class_code", "sub_code"])
        rows["has_pairs"] = rows["class_code"].isin(pairs["class_code"])
    with steps.timed("validate"):
        unread = [f"{name}__as_given" for name in values if name != "ward"]
        repeated = rows[rows["crime_number"].notna() & rows.duplicated(["file", "crime_number"], keep=False)]
        versions = repeated.drop_duplicates(["file", *LOADED, *unread]).groupby(["file", "crime_number"]).size()
        conflicts = versions[versions > 1].index
        is_conflict = pd.MultiIndex.from_frame(repeated[["file", "crime_number"]]).isin(conflicts)
        rows["key_conflicts"] = rows.index.isin(repeated.index[is_conflict])
        checks, bad = judge("crimes", rows, crimes_masks(rows))
    with steps.timed("states"):
        files = standing(rows, bad, [])
        sound = rows[~bad & rows["file"].isin(files["file"])]
        sound = sound.drop_duplicates(["crime_number", "extract_date"]).sort_values(["crime_number", "extract_date"])
        content = pd.util.hash_pandas_object(sound[list(LOADED)], index=False)
        before = content.groupby(sound["crime_number"]).shift()
        is_first = ~sound.duplicated("crime_number")
        sound = sound[is_first | (content != before)]
        states = sound.assign(
            force=FORCE,
            month=sound["recorded_at"].dt.to_period("M").dt.to_timestamp(),
            known_from=sound["extract_date"],
            known_to=sound.groupby("crime_number")["extract_date"].shift(-1),
        )
    with steps.timed("counts"):
        movements = count_measures(states)
    with steps.timed("to_sql"):
        states = states[["force", "month", *LOADED, "known_from", "known_to"]]
        to_sql(out, steps, checks=checks, states=states, movements=movements)


def count_measures(states: Frame) -> Frame:
    """Movements of all measures. Records are counted by what decides their measures before these come in."""
    members = read_seed("measure_members")
    members = members[members["police_uk_category"].isna() & members["asb_category"].isna()]
    members = members.merge(read_seed("measures")[["measure", "theme"]], on="measure")
    days = pd.concat([members["valid_from"], members["valid_to"] + pd.Timedelta(days=1)]).dropna()
    days = pd.DataFrame({"day": np.sort(days.unique())}).astype("datetime64[us]")
    counted = states[states["status"] == "recorded"].sort_values("recorded_at")
    counted = pd.merge_asof(counted, days, left_on="recorded_at", right_on="day")
    counted = count(counted, [*KEYS, "theme", "force", "month", "known_from", "known_to"])
    kinds = counted[[*KEYS, "theme"]].drop_duplicates().reset_index(drop=True)
    kinds["kind"] = kinds.index
    by_class = kinds.merge(members.dropna(subset="class_code"), on="class_code", suffixes=("", "_member"))
    by_theme = kinds.merge(
        members[members["class_code"].isna()].drop(columns="class_code"), on="theme", suffixes=("", "_member")
    )
    found = pd.concat([by_class, by_theme], ignore_index=True)
    tags = [given.split(";") if isinstance(given, str) else [] for given in found["method_tags"]]
    keeps = pd.Series(True, index=found.index)
    for name in ("sub_code", "victim_type", "operation"):
        keeps &= found[f"{name}_member"].isna() | (found[f"{name}_member"] == found[name])
    keeps &= np.array(
        [pd.isna(tag) or tag in map(str.strip, given) for tag, given in zip(found["tag"], tags, strict=True)],
        dtype=bool,
    )
    keeps &= found["valid_from"].isna() | (found["valid_from"] <= found["day"])
    keeps &= found["valid_to"].isna() | found["day"].isna() | (found["day"] <= found["valid_to"])
    counting = found[keeps][["kind", "measure"]].drop_duplicates()
    return moved(counted.merge(kinds, on=[*KEYS, "theme"]).merge(counting, on="kind"))


def crimes_masks(rows: Frame) -> Masks:
    """The rules of the contract that need more than one column or a condition: whether a row breaks them."""
    has = rows.notna()
    is_class = has["recordable"]
    recorded_on = rows["recorded_at"].dt.normalize()
    tags = {given: {tag.strip() for tag in given.split(";")} for given in rows["method_tags"].dropna().unique()}
    has_place = has["street"] | has["premises"] | has["easting"]
    place = ["file", "class_code", "sub_code", "committed_from", "committed_to", "street", "ward", "premises"]
    place += ["easting", "northing"]
    numbers = rows.groupby(place, dropna=False)["crime_number"].transform("nunique")
    earliest = rows[["reported_at", "committed_from", "committed_to"]].min(axis=1)

    def given(name: str) -> pd.Series:
        return has[name] | has[f"{name}__as_given"]

    def unlike(name: str, code: str) -> pd.Series:
        return has[name] & ~rows[name].str.fullmatch(kwargs("crimes", code)["regex"], na=False)

    def has_tag(tag: str) -> pd.Series:
        return rows["method_tags"].isin([text for text, tags_given in tags.items() if tag in tags_given])

    return {
        "KEY_REPEATED": rows["key_conflicts"],
        "CLASS_CODE_UNKNOWN": has["class_code"] & ~is_class,
        "CLASS_CODE_FORMAT": ~is_class & unlike("class_code", "CLASS_CODE_FORMAT"),
        "CLASS_CODE_NOT_RECORDABLE": rows["recordable"] == "false",
        "CLASS_CODE_NOT_VALID": (recorded_on < rows["class_valid_from"]) | (recorded_on > rows["class_valid_to"]),
        "SUB_CODE_UNKNOWN": has["sub_code"] & rows["has_pairs"] & ~has["in_pairs"],
        "SUB_CODE_FORMAT": rows["has_pairs"] & unlike("sub_code", "SUB_CODE_FORMAT"),
        "SUB_CODE_NOT_VALID": (recorded_on < rows["pair_from"]) | (recorded_on > rows["pair_to"]),
        "RECORDED_AT_TOO_EARLY": rows["recorded_at"] < "2000-01-01",
        "RECORDED_AFTER_EXTRACT": recorded_on > rows["extract_date"],
        "REPORTED_AFTER_RECORDED": rows["reported_at"] > rows["recorded_at"],
        "COMMITTED_SPAN_REVERSED": rows["committed_to"] < rows["committed_from"],
        "COMMITTED_AFTER_RECORDED": rows["committed_from"] > rows["recorded_at"],
        "COORDINATE_HALF": given("easting") != given("northing"),
        "COORDINATE_OUTSIDE_FORCE": (has["easting"] & ~rows["easting"].between(530460, 534350).fillna(True))
        | (has["northing"] & ~rows["northing"].between(179900, 182710).fillna(True)),
        "OUTCOME_21_TOO_EARLY": (rows["outcome_code"] == "21") & (rows["outcome_at"] < "2016-01-01"),
        "OUTCOME_22_TOO_EARLY": (rows["outcome_code"] == "22") & (rows["outcome_at"] < "2019-04-01"),
        "OUTCOME_BEFORE_RECORDED": rows["outcome_at"] < rows["recorded_at"],
        "OUTCOME_HALF": given("outcome_code") != given("outcome_at"),
        "METHOD_TAG_UNKNOWN": rows["method_tags"].isin([text for text, given in tags.items() if given - KNOWN_TAGS]),
        "SUB_CODE_BLANK": ~given("sub_code") & rows["has_pairs"],
        "SUB_CODE_ODD": has["class_code"] & ~rows["has_pairs"] & unlike("sub_code", "SUB_CODE_ODD"),
        "REPORTED_AT_BLANK": ~given("reported_at"),
        "COMMITTED_FROM_BLANK": ~given("committed_from"),
        "PLACE_UNKNOWN": ~has_place & ~has["ward"] & ~has["northing"],
        "RECORDED_LATE": rows["recorded_at"] > rows["reported_at"] + pd.Timedelta(hours=24),
        "REPORTED_BEFORE_COMMITTED": rows["reported_at"] < rows["committed_from"],
        "COMMITTED_TO_AFTER_RECORDED": rows["committed_to"] > rows["recorded_at"],
        "COMMITTED_SPAN_LONG": rows["committed_to"] > rows["committed_from"] + pd.DateOffset(years=1),
        "COMMITTED_TOO_EARLY": earliest < "1900-01-01",
        "OUTCOME_AFTER_EXTRACT": rows["outcome_at"].dt.normalize() > rows["extract_date"],
        "OUTCOME_OF_CANCELLED": (rows["status"] == "cancelled") & has["outcome_code"],
        "OUTCOME_7_NOT_DRUGS": (rows["outcome_code"] == "7")
        & has["class_code"]
        & (rows["offence_group"].fillna("") != "Drug offences"),
        "DOMESTIC_NOT_FLAGGED": (rows["circumstance"] == "domestic")
        & ~rows["domestic_abuse"].fillna(False)
        & ~has["domestic_abuse__as_given"],
        "VICTIM_NO_CONSTABLE": (rows["class_code"] == "104")
        & has["victim_type"]
        & (rows["victim_type"] != "police_officer"),
        "METHOD_AGAINST_PREMISES": has["premises_type"]
        & (
            ((rows["premises_type"] != "gym") & has_tag("gym"))
            | ((rows["premises_type"] != "licensed") & has_tag("bag_licensed_premises"))
        ),
        "POSSIBLE_DUPLICATE": (rows["status"] == "recorded") & has["committed_from"] & has_place & (numbers > 1),
    }


def read(files: list[tuple[Path, dict[str, date]]], columns: Sequence[str]) -> Frame:
    """The rows of all files as text without spaces around it, blank as missing, with what is known of their file."""
    frames = [
        pd.read_csv(path, dtype=str, usecols=list(columns), keep_default_na=False).assign(
            file=str(path), **{name: pd.Timestamp(value) for name, value in known.items()}
        )
        for path, known in files
    ]
    rows = pd.concat(frames, ignore_index=True)
    rows["file"] = rows["file"].astype("category")
    for name in columns:
        stripped = rows[name].str.strip()
        rows[name] = stripped.where(stripped != "")
    return rows


def typed(rows: Frame, values: dict[str, pd.Series]) -> Frame:
    """The rows with these values; where a text could not be read it stays in `<name>__as_given`."""
    given = {f"{name}__as_given": rows[name].where(value.isna()) for name, value in values.items()}
    return rows.assign(**given, **values)


def read_times(texts: pd.Series) -> pd.Series:
    """Times in the first of the forms that fits."""
    times = pd.to_datetime(texts, format=TIMES[0], errors="coerce").astype("datetime64[us]")
    for form in TIMES[1:]:
        left = times.isna() & texts.notna()
        if left.any():
            times = times.fillna(pd.to_datetime(texts[left], format=form, errors="coerce").astype("datetime64[us]"))
    return times


def read_seed(name: str) -> Frame:
    """A seed of the project: text, but for its days."""
    seed = pd.read_csv(SEEDS / f"{name}.csv", dtype=str, keep_default_na=False, na_values=[""])
    for column in {"valid_from", "valid_to"} & set(seed.columns):
        seed[column] = pd.to_datetime(seed[column]).astype("datetime64[us]")
    return seed


def judge(source: str, rows: Frame, masks: Masks) -> tuple[Frame, pd.Series]:
    """Rows failed per rule as Great Expectations counts them, and whether a row breaks a critical rule."""
    import great_expectations as gx
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

    severity = severities(source)
    rows = rows.assign(**{code: mask.fillna(False).astype(bool) for code, mask in masks.items()})
    asked: list[tuple[str, str, dict[str, Any]]] = [
        (code, "expect_column_values_to_be_in_set", {"column": code, "value_set": [False]}) for code in masks
    ]
    for column in contract(source)["columns"]:
        as_given, name = f"{column['name']}__as_given", column["name"]
        if as_given in rows:
            asked.append((type_rule(name), "expect_column_values_to_be_null", {"column": as_given}))
        if column.get("required"):
            code = f"{name.upper()}_MISSING"
            rows[code] = rows[name].isna() & (rows[as_given].isna() if as_given in rows else True)
            asked.append((code, "expect_column_values_to_be_in_set", {"column": code, "value_set": [False]}))
    plain = [rule for rule in contract(source)["rules"] if rule["code"] not in masks]
    asked.extend((rule["code"], rule["expectation"], rule["kwargs"]) for rule in plain)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    asset = context.data_sources.add_pandas(source).add_dataframe_asset(source)
    batch = asset.add_batch_definition_whole_dataframe(source).get_batch({"dataframe": rows})
    bad = pd.Series(False, index=rows.index)
    failed = {}
    for is_critical in (True, False):
        suite = gx.ExpectationSuite(name=f"{source} {is_critical}")
        for code, kind, arguments in asked:
            if (severity[code] == "critical") is is_critical:
                configuration = ExpectationConfiguration(type=kind, kwargs=arguments, meta={"code": code})
                suite.add_expectation(configuration.to_domain_obj())
        result = batch.validate(suite, result_format="COMPLETE" if is_critical else "BASIC")
        for verdict in result.results:
            code = verdict.expectation_config.meta["code"]  # pyright: ignore[reportOptionalMemberAccess]
            failed[code] = verdict.result.get("unexpected_count") or 0
            if is_critical:
                bad.loc[verdict.result.get("unexpected_index_list") or []] = True
    return Frame({"rule": failed.keys(), "failed": failed.values()}), bad


def standing(rows: Frame, bad: pd.Series, columns: list[str]) -> Frame:
    """One row per file that has not too many bad rows."""
    files = (
        rows.assign(is_bad=bad)
        .groupby("file", observed=True)
        .agg(received=("is_bad", "size"), bad=("is_bad", "sum"), **{name: (name, "first") for name in columns})
    )
    return files[(files["bad"] < 10) | (files["bad"] <= 0.2 * files["received"])].reset_index().astype({"file": str})


def count(rows: Frame, keys: list[str]) -> Frame:
    """Rows by the keys, which can be missing."""
    return rows.groupby(keys, dropna=False, observed=True).size().rename("rows").reset_index()


def moved(counted: Frame) -> Frame:
    """By how much each measure and month moved at each extract, from `rows` known from and to."""
    keys = ["force", "measure", "month", "extract_date"]
    came = counted.assign(extract_date=counted["known_from"], change=counted["rows"])
    went = counted.dropna(subset="known_to").assign(
        extract_date=lambda rows: rows["known_to"], change=lambda rows: -rows["rows"]
    )
    moves = pd.concat([came, went]).groupby(keys)["change"].sum().reset_index()
    return moves[moves["change"] != 0]


def to_sql(out: Path, steps: Steps, **tables: Frame) -> None:
    """Write each frame to `results.duckdb`."""
    from sqlalchemy import create_engine

    engine = create_engine(f"duckdb:///{out / 'results.duckdb'}")
    for name, table in tables.items():
        method = None if steps.row_by_row else insert_frame
        table.to_sql(name, engine, index=False, chunksize=200_000, method=method)
    engine.dispose()


def insert_frame(table: Any, connection: Any, columns: list[str], rows: Iterable[tuple[Any, ...]]) -> int:
    """What `to_sql` calls for a chunk: DuckDB reads it as a frame, where it would take single rows one by one."""
    chunk = Frame.from_records(list(rows), columns=columns)
    driver = connection.connection.dbapi_connection
    driver.register("chunk", chunk)
    listed = ", ".join(f'"{column}"' for column in columns)
    driver.execute(f'insert into "{table.name}" ({listed}) select {listed} from chunk')
    driver.unregister("chunk")
    return len(chunk)


if __name__ == "__main__":
    for name in ("GX_ANALYTICS_ENABLED",):
        os.environ[name] = "false"
    logging.getLogger("great_expectations").setLevel(logging.ERROR)
    main()
