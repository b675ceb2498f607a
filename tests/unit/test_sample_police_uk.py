"""The sample's street crime: the same every time, in the real format, with the cases it promises."""

import csv
import gzip
import io
import re
import zipfile
from collections import Counter
from datetime import date
from pathlib import Path
from statistics import mean

import pytest
import yaml

from flows.errors import UsageError
from flows.sample.police_uk import ASB, BAD_SHARE, HEADERS, WARNING_SHARE, write_police_uk

REPOSITORY = Path(__file__).parents[2]
OUTCOMES_FILE = "2018-06/2018-06-city-of-london-outcomes.csv"
REJECTED_FILE = "published-2018/2017-05/2017-05-sample-constabulary-street.csv"

Row = dict[str, str]


def files_below(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def texts(files: dict[str, bytes]) -> dict[str, str]:
    """The text of every file and archive member, by path; a member's path begins with its archive's."""
    read: dict[str, str] = {}
    for path, content in files.items():
        if path.endswith(".zip"):
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                read |= {f"{path}/{name}": archive.read(name).decode() for name in archive.namelist()}
        else:
            read[path] = (gzip.decompress(content) if path.endswith(".gz") else content).decode()
    return read


@pytest.fixture(scope="module")
def deliveries(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Row]]:
    """Rows of every street file of the default sample that can be read, by path."""
    out = tmp_path_factory.mktemp("sample")
    write_police_uk(out)
    return {
        path: list(csv.DictReader(io.StringIO(text), restkey="too many"))
        for path, text in texts(files_below(out)).items()
        if path not in (OUTCOMES_FILE, REJECTED_FILE)
    }


def first_publications(deliveries: dict[str, list[Row]], slug: str) -> dict[str, list[Row]]:
    """Rows by month, of the files as the force first published them."""
    return {
        re.findall(r"(\d{4}-\d\d)-", path)[-1]: rows
        for path, rows in deliveries.items()
        if slug in path and not path.startswith("published")
    }


def test_same_arguments_give_the_same_bytes_and_another_seed_gives_others(tmp_path: Path) -> None:
    for name, seed in (("first", 1), ("again", 1), ("other", 2)):
        write_police_uk(tmp_path / name, seed=seed, scale=0.02)
    first, again, other = (files_below(tmp_path / name) for name in ("first", "again", "other"))
    assert first == again
    assert first.keys() == other.keys()
    assert all(first[path] != other[path] for path in first)


def test_returns_the_files_it_wrote_in_order(tmp_path: Path) -> None:
    written = write_police_uk(tmp_path, scale=0.02, through=date(2014, 6, 30))
    assert written == sorted(path for path in tmp_path.rglob("*") if path.is_file())


def test_later_date_adds_files_and_leaves_the_others_alone(tmp_path: Path) -> None:
    write_police_uk(tmp_path / "earlier", scale=0.02, through=date(2018, 11, 30))
    write_police_uk(tmp_path / "later", scale=0.02)
    earlier, later = (texts(files_below(tmp_path / name)) for name in ("earlier", "later"))
    assert not [path for path in earlier if path.startswith("published")]
    assert all(later[path] == text for path, text in earlier.items() if ".zip" not in path)
    for member in ("2018-10/2018-10-city-of-london-street.csv", "2018-11/2018-11-city-of-london-street.csv"):
        assert later[member] == earlier[f"2018-11.zip/{member}"]


def test_nothing_is_known_after_the_date_asked_for(tmp_path: Path) -> None:
    written = write_police_uk(tmp_path, scale=0.02, through=date(2014, 6, 29))
    names = {str(path.relative_to(tmp_path)) for path in written}
    assert "2014-05.zip" in names  # June had not ended
    assert max(name for name in names if "street" in name) < "2014-04"  # published at the end of May


def test_arrivals(deliveries: dict[str, list[Row]]) -> None:
    months = [f"{year}-{month:02d}" for year in range(2014, 2020) for month in range(1, 13)][:67]
    assert sorted(first_publications(deliveries, "city-of-london")) == months
    assert sorted({*first_publications(deliveries, "sample-constabulary"), "2016-11"}) == months
    assert "2016-11/2016-11-sample-constabulary-street.csv" not in deliveries
    assert sum(path.endswith(".csv.gz") for path in deliveries) == 12
    assert sum(path.startswith("2019-07.zip/") for path in deliveries) == 4
    assert sum(path.startswith("published-2018/") for path in deliveries) == 3


def test_headers_are_those_of_the_contract(tmp_path: Path) -> None:
    contract = yaml.safe_load((REPOSITORY / "expectations/police_uk_street.yml").read_text())
    assert [column["headers"][0] for column in contract["columns"]] == list(HEADERS)
    write_police_uk(tmp_path, scale=0.02)
    headers = {path: text.split("\n")[0] for path, text in texts(files_below(tmp_path)).items()}
    assert headers.pop(REJECTED_FILE) == ",".join(header for header in HEADERS if header != "Month")
    assert headers.pop(OUTCOMES_FILE).endswith(",LSOA name,Outcome type")
    assert set(headers.values()) == {",".join(HEADERS)}


def test_volumes(deliveries: dict[str, list[Row]]) -> None:
    city = first_publications(deliveries, "city-of-london")
    crimes = {month: sum(row["Crime type"] != ASB for row in rows) for month, rows in city.items()}
    before = mean(n for month, n in crimes.items() if "2014-03" <= month < "2018-03")
    after = mean(n for month, n in crimes.items() if "2018-03" <= month < "2019-03")
    assert before == pytest.approx(480, rel=0.03)
    assert after / before == pytest.approx(1.37, rel=0.04)
    incidents = mean(len(rows) - crimes[month] for month, rows in city.items())
    assert incidents == pytest.approx(100, rel=0.05)
    constabulary = first_publications(deliveries, "sample-constabulary")
    assert mean(len(rows) for rows in constabulary.values()) == pytest.approx(1500, rel=0.03)


def test_seasons(deliveries: dict[str, list[Row]]) -> None:
    thefts = Counter[str]()
    for month, rows in first_publications(deliveries, "city-of-london").items():
        thefts[month[5:]] += sum(row["Crime type"] == "Bicycle theft" for row in rows)
    assert thefts["07"] > 1.5 * thefts["01"]


def test_scale_multiplies_the_rows_and_no_file_is_empty(tmp_path: Path) -> None:
    lines: dict[float, list[int]] = {}
    for scale in (0.001, 0.1, 0.3):
        out = tmp_path / str(scale)
        write_police_uk(out, scale=scale, through=date(2019, 1, 31))
        lines[scale] = [text.count("\n") for text in texts(files_below(out)).values()]
    assert sum(lines[0.3]) == pytest.approx(3 * sum(lines[0.1]), rel=0.05)
    assert min(lines[0.001]) >= 2


def test_oddities_of_the_real_files(deliveries: dict[str, list[Row]]) -> None:
    rows = deliveries["2018-06/2018-06-sample-constabulary-street.csv"]
    incidents = Counter(tuple(row.values()) for row in rows if row["Crime type"] == ASB and row["Longitude"])
    assert max(incidents.values()) > 1
    assert not any(row["Last outcome category"] for row in rows if row["Crime type"] == ASB)

    crimes = [row for row in rows if row["Crime type"] != ASB]
    assert sum(bool(re.fullmatch("[0-9a-f]{64}", row["Crime ID"])) for row in crimes) > 0.99 * len(crimes)
    nowhere = [row for row in rows if row["Location"] == "No Location"]
    assert 0.03 < len(nowhere) / len(rows) < 0.08
    assert not any(row["Longitude"] or row["Latitude"] or row["LSOA code"] for row in nowhere)


def test_repeated_ids_are_full_copies_or_differ(deliveries: dict[str, list[Row]]) -> None:
    copies = differing = 0
    for rows in deliveries.values():
        times = Counter(row["Crime ID"] for row in rows if len(row["Crime ID"]) == 64)
        repeated = [row for row in rows if times[row["Crime ID"]] > 1]
        ids = {row["Crime ID"] for row in repeated}
        distinct = {tuple(map(str, row.values())) for row in repeated}
        differing += len(distinct) - len(ids)
        copies += len(repeated) - len(distinct)
    assert copies > 100
    assert differing > 100


def is_bad(row: Row, month: str) -> str | None:
    """Which critical rule the row breaks, if any."""
    if "too many" in row:
        return "too many fields"
    if row["Month"] != month:
        return "month"
    if row["Crime type"] == "Sample category":
        return "category"
    if not row["Reported by"]:
        return "reported by"
    return None if re.fullmatch("([0-9a-f]{64})?", row["Crime ID"]) else "crime id"


def warning(row: Row) -> str | None:
    """Which warning the row deserves, if any."""
    if bool(row["Longitude"]) != bool(row["Latitude"]):
        return "half a coordinate"
    if row["Latitude"] == "0.000000":
        return "outside the United Kingdom"
    if row["LSOA code"] and not re.fullmatch(r"E01\d{6}", row["LSOA code"]):
        return "lsoa code"
    if row["Last outcome category"] == "Sample outcome":
        return "outcome"
    return None if row["Falls within"] else "falls within"


def test_shares_of_bad_and_odd_rows(deliveries: dict[str, list[Row]]) -> None:
    bad, odd, total = Counter[str | None](), Counter[str | None](), 0
    for slug in ("city-of-london", "sample-constabulary"):
        for month, rows in first_publications(deliveries, slug).items():
            total += len(rows)
            bad.update(is_bad(row, month) for row in rows)
            odd.update(warning(row) for row in rows)
    assert len(bad) == 6  # five kinds, and none
    assert (total - bad[None]) / total == pytest.approx(BAD_SHARE, rel=0.2)
    assert len(odd) == 6
    assert (total - odd[None]) / total == pytest.approx(WARNING_SHARE, rel=0.05)


@pytest.mark.parametrize("month", ["2017-02", "2017-03", "2017-04"])
def test_second_publication_corrects_the_first(deliveries: dict[str, list[Row]], month: str) -> None:
    name = f"{month}/{month}-city-of-london-street.csv"
    first, second = (
        {row["Crime ID"]: row for row in deliveries[path] if row["Crime ID"] and is_bad(row, month) is None}
        for path in (name, f"published-2018/{name}")
    )
    both = first.keys() & second.keys()
    assert len(both) > 0.95 * len(first)
    still_open = [crime for crime in both if first[crime]["Last outcome category"] == "Under investigation"]
    settled = [crime for crime in still_open if second[crime] != first[crime]]
    assert len(settled) > len(still_open) / 2
    assert any(first[crime]["Crime type"] != second[crime]["Crime type"] for crime in both)
    assert second.keys() - first.keys()
    assert first.keys() - second.keys()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"through": date(2014, 1, 30)}, "January 2014"),
        ({"scale": 0.0}, "above 0"),
        ({"seed": -1}, "0 or more"),
    ],
)
def test_says_what_is_wrong(tmp_path: Path, arguments: dict[str, object], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        write_police_uk(tmp_path, **arguments)  # pyright: ignore[reportArgumentType]
    assert not list(tmp_path.iterdir())
