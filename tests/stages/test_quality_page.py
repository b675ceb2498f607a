"""The quality page: every number is a query's, everybody can read it, it needs nothing, and it never fails a run."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from unittest.mock import patch

import duckdb
import pytest

from flows import clock, held, ledger, pipeline, releases, runs
from flows.held import Quarantine
from flows.report import quality
from flows.report.quality_figures import Checks
from flows.settings import PROJECT_DIR, Paths
from tests.faults.sandbox import Sandbox, without_prefect
from tests.pages import Element, parsed, section, table
from tests.stages.quality_release import (
    CITY,
    COORDINATOR,
    FRESH,
    KENT,
    QUARANTINE,
    REGISTRAR,
    RUN,
    STEWARD,
    make_release,
    write_page,
)

STYLE = (PROJECT_DIR / "flows/report/templates/quality.css").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of the release made by hand."""
    with patch.object(clock, "today", lambda: date(2019, 9, 11)):
        return write_page(tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="module")
def page(small: Path) -> Element:
    return parsed(small)


class TestNumbers:
    """Worked out by hand from the small release."""

    def test_the_verdict(self, page: Element) -> None:
        # Checked in the twelve months: 3,000 + 3,000 + 3,000 of crimes and 70,000 of police.uk; failed: 1 + 60 + 3.
        assert section(page, "verdict").all("h2", "p")[0].text == "Somebody has to act"
        assert section(page, "verdict").all("p")[0].text == (
            "2 rejected files have to be sent again; 2 deliveries are late or missing; 1,207 rows are held in"
            " quarantine. Of 79,000 checks in the twelve months to 10 September 2019, 99.91 % passed."
        )

    def test_scores_weigh_each_check_alike_and_round_down(self, page: Element) -> None:
        assert table(page, "Share of checks that passed, by source and dimension") == [
            ["Source", "All", "Completeness", "Uniqueness", "Consistency", "Timeliness", "Validity", "Accuracy"],
            ["All sources", "99.91 %", "100.00 %", "99.96 %", "no check", "no check", "99.91 %", "no check"],
            ["crimes", "99.32 %", "100.00 %", "99.96 %", "no check", "no check", "98.00 %", "no check"],
            ["police uk street", "99.99 %", "no check", "no check", "no check", "no check", "99.99 %", "no check"],
            ["prevent referrals", *["withheld"] * 7],
        ]

    def test_rules_with_trends(self, page: Element) -> None:
        head, repeated, ward, status = table(page, "Rules of crimes")
        assert head == ["Rule", "Severity", "Dimension", "Checked", "Failed", "Percent", "Failed ever", "Trend"]
        assert repeated[1:7] == ["critical", "uniqueness", "3,000", "1", "0.03", "6"]
        assert ward[1:7] == ["warning", "validity", "3,000", "60", "2.00", "60"]
        assert status[1:] == ["critical", "completeness", "3,000", "0", "0", "0", "none failed"]
        assert table(page, "Rules of police uk street")[1][1:7] == [
            "critical",
            "validity",
            "70,000",
            "3",
            "< 0.01",
            "3",
        ]
        trends = section(page, "rules").all("svg")
        assert [trend.attributes["aria-label"] for trend in trends] == [
            "KEY_REPEATED, percent failed in the last 3 extracts: highest 1.00 on 10 September 2018,"
            " newest 0 on 10 September 2019",
            "WARD_UNKNOWN, percent failed in the last 2 extracts: highest 4.00 on 7 August 2019,"
            " newest 1.00 on 10 September 2019",
            "CRIME_TYPE_FROM_2013_05, percent failed in the last 1 extract: highest < 0.01 on 31 August 2019,"
            " newest < 0.01 on 31 August 2019",
        ]
        assert [trend.all("path")[0].attributes["d"] for trend in trends[:2]] == [
            "M2 20v-20M6 20v-2M10 20v-1",
            "M2 20v-20M6 20v-5",
        ]

    def test_quarantine_by_age(self, page: Element) -> None:
        assert table(page, "Rows in quarantine by owner and days held")[1:] == [
            [REGISTRAR, "crimes", "1", "0", "2", "5", "8", "10 September 2018"],
            [STEWARD, "police uk street", "1,200", "0", "0", "0", "1,200", "31 August 2019"],
            ["All owners", "", "1,201", "0", "2", "4", "1,207", ""],
        ]

    def test_rejected_files_and_what_stands_in_for_them(self, page: Element) -> None:
        assert table(page, "Rejected files, newest first")[1:] == [
            ['2019-05-<b>"kent"-street.csv', "police uk street", "no header", "to be sent again"],
            ["crimes_2019-06-07.csv", "crimes", "empty", "to be sent again"],
            ["crimes_2019-07-07.csv", "crimes", "too many", "replaced"],
        ]

    def test_what_is_due(self, page: Element) -> None:
        assert table(page, "Next delivery of each source")[1:] == [
            ["police uk street", "late", "30 August 2019", "8", "31 August 2019", "2 forces", STEWARD],
            ["crimes", "on time", "8 October 2019", "0", "10 September 2019", CITY, REGISTRAR],
            ["triage contacts", "awaited", "", "0", "never", "", "Mental health liaison lead"],
        ]

    def test_what_needs_doing(self, page: Element) -> None:
        found = section(page, "to-do")
        assert [owner.text for owner in found.all("h3")] == [REGISTRAR, STEWARD]
        assert [task.text for task in found.all("li")] == [
            "Send crimes again, corrected: crimes_2019-06-07.csv.",
            "Correct 8 rows of crimes, held since 11 September 2018.",
            f"Deliver police uk street. 2 forces are late, the latest of them {CITY}: {FRESH[1].message}.",
            'Send police uk street again, corrected: 2019-05-<b>"kent"-street.csv.',
            "Correct 1,200 rows of police uk street, held since 11 September 2019.",
        ]

    def test_coverage(self, page: Element) -> None:
        months = list("JFMAMJJASOND")
        assert table(page, "crimes: 4 complete, 1 partial") == [
            ["Year", *months],
            ["2019", "–", "–", "–", "C", "C", "P", "C", "C", "–", "–", "–", "–"],
        ]
        assert table(page, "police uk street: forces complete")[1] == [
            *["2019", "–", "–", "–", "2", "1/2 M", "2", "2", "–", "–", "–", "–", "–"]
        ]
        assert table(page, f"{KENT}: 3 complete, 1 missing")[1][4:8] == ["C", "M", "C", "C"]
        [missing] = [cell for cell in page.all("td") if cell.text == "M"]
        assert missing.attributes["class"] == "m"

    def test_what_the_run_loaded(self, page: Element) -> None:
        assert table(page, "What this run loaded")[1:] == [
            ["crimes", "1", "0", "3,000", "2,998", "2", "0"],
            ["police uk street", "1", "1", "withheld", "0", "0", "withheld"],
            ["prevent referrals", "1", "0", *["withheld"] * 4],
        ]
        assert table(page, "Seconds by stage, until this page was written")[1:] == [
            ["extract", "4.8"],
            ["marts", "23.0"],
        ]

    def test_of_a_confidential_source_nothing_is_counted(self, page: Element) -> None:
        assert "Withheld: prevent referrals." in section(page, "quarantine").text
        assert table(page, "Rules of prevent referrals")[1][3:] == ["withheld"] * 5
        assert COORDINATOR not in section(page, "to-do").text


@pytest.mark.parametrize(
    ("checks", "score", "failed_pct"),
    [
        (Checks(0, 0), None, ""),
        (Checks(3, 0), "100.00", "0"),
        (Checks(1_000_000, 1), "99.99", "< 0.01"),
        (Checks(3, 1), "66.66", "33.33"),
        (Checks(10_000, 1), "99.99", "0.01"),
        (Checks(2, 2), "0.00", "100.00"),
        (Checks(1000, 949), "5.10", "94.90"),
    ],
)
def test_a_score_is_100_only_where_nothing_failed(checks: Checks, score: str | None, failed_pct: str) -> None:
    assert (checks.score, checks.failed_pct) == (score, failed_pct)


def test_when_all_is_in_order(tmp_path: Path) -> None:
    paths = Paths(tmp_path)
    release = make_release(paths, [], [], [])
    told = quality.Told(RUN, datetime(2019, 9, 11), {})
    page = parsed(quality.write(paths, release, told, Quarantine(), FRESH[:1]))
    assert section(page, "verdict").text == "All in order No delivery is late; no row is held in quarantine."
    assert section(page, "to-do").all("p")[0].text == "Nothing."
    assert "It loaded nothing new and made the release anew." in section(page, "run").text
    assert_readable(page)


def test_rows_held_are_no_reason_to_act(tmp_path: Path) -> None:
    paths = Paths(tmp_path)
    told = quality.Told(RUN, datetime(2019, 9, 11), {})
    page = parsed(quality.write(paths, make_release(paths, [], [], []), told, QUARANTINE, FRESH[:1]))
    assert section(page, "verdict").all("h2")[0].text == "In order, with rows held back"


def assert_readable(page: Element) -> None:
    """What a reader with a screen reader or a keyboard needs, and that it needs nothing from elsewhere."""
    [html] = page.all("html")
    assert html.attributes["lang"] == "en-GB"
    for landmark in ("header", "main", "footer", "title"):
        assert len(page.all(landmark)) == 1
    elements = page.all(*{"a", "abbr", "b", "button", "caption", "details", "div", "h1", "h2", "h3", "img", "input"})
    elements += page.all("link", "main", "nav", "p", "script", "section", "span", "style", "summary", "svg", "table")
    ids = Counter(each.attributes["id"] for each in elements if "id" in each.attributes)
    assert set(ids.values()) <= {1}
    for each in elements:
        assert not {"src", "srcset", "onclick"} & set(each.attributes)
        if label := each.attributes.get("aria-labelledby"):
            assert label in ids
        if each.tag in ("img", "svg"):
            assert each.attributes["role"] == "img"
            assert each.attributes["aria-label"]
    headings = [int(each.tag[1]) for each in page.all("h1", "h2", "h3", "h4")]
    assert headings[0] == 1
    assert headings.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in pairwise(headings))
    for link in page.all("a"):
        target = link.attributes["href"] or ""
        assert link.text
        assert target[1:] in ids if target.startswith("#") else re.fullmatch(r"[\w-]+\.html", target)
    assert page.all("a")[0].attributes["href"] == "#content"
    for each in page.all("table"):
        assert each.all("caption")[0].text
        for cell in each.all("th"):
            assert cell.attributes["scope"] in ("col", "row")
        for row in each.all("tbody")[0].all("tr"):
            assert row.all("th", "td")[0].tag == "th"
            assert len(row.all("th", "td")) == len(each.all("thead")[0].all("th"))
    for each in page.all("div"):
        if each.attributes.get("class") == "scroll":
            assert (each.attributes["role"], each.attributes["tabindex"]) == ("region", "0")
            assert each.attributes["aria-labelledby"]


class TestForEverybody:
    """Landmarks, names, captions, contrast; and it stands alone."""

    def test_the_page(self, page: Element) -> None:
        assert_readable(page)
        [nav] = page.all("nav")
        headings = {heading.attributes["id"] for heading in page.all("h2")}
        assert {link.attributes["href"] for link in nav.all("a")} >= {f"#{name}" for name in headings - {"verdict"}}

    def test_the_index(self, small: Path) -> None:
        assert_readable(parsed(small.with_name("index.html")))

    def test_nothing_is_fetched(self, small: Path) -> None:
        for each in (small, small.with_name("index.html")):
            assert re.findall(r"https?:|//\w|@import|url\(", each.read_text(encoding="utf-8")) == []

    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_contrast(self, scheme: str) -> None:
        colours = schemes()[scheme]
        pairs = [(name, colours[name.replace("-fg", "-bg")]) for name in colours if name.endswith("-fg")]
        pairs += [(name, colours["page-bg"]) for name in ("quiet-fg", "link-fg")]
        pairs += [("link-fg", colours["quiet-bg"])]
        assert {name: ratio for name, behind in pairs if (ratio := contrast(colours[name], behind)) < 4.5} == {}
        assert contrast(colours["focus"], colours["page-bg"]) >= 3
        assert contrast(colours["bar"], colours["quiet-bg"]) >= 3

    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_states_of_a_month_differ_without_colour(self, scheme: str) -> None:
        colours = schemes()[scheme]
        lightness = [luminance(colours[f"{state}-bg"]) for state in ("complete", "partial", "missing")]
        assert lightness in (sorted(lightness), sorted(lightness, reverse=True))
        behind = [colours[f"{state}-bg"] for state in ("complete", "partial", "missing")]
        assert all(contrast(one, other) >= 1.7 for one, other in pairwise(behind))


def schemes() -> dict[str, dict[str, str]]:
    """The colours of the style by scheme and name."""
    light, dark = (
        dict(re.findall(r"--([\w-]+): (#\w{6})", block)) for block in re.findall(r":root \{(.*?)\}", STYLE, re.S)[:2]
    )
    assert set(light) == set(dark)
    return {"light": light, "dark": dark}


def luminance(colour: str) -> float:
    """Relative luminance of WCAG 2."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio of WCAG 2, 1 to 21."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


class TestManyPages:
    """The last thirty stay."""

    def test_older_ones_go(self, tmp_path: Path) -> None:
        paths = Paths(tmp_path)
        release = make_release(paths)
        for number in range(32):
            at = (datetime(2019, 9, 11, 8) + timedelta(days=number)).isoformat()
            release = releases.Release(RUN, at, "0", "OFFICIAL", {}, "", "")
            write_page(tmp_path, release, run_id=f"run-{number:02}")
        folder = quality.folder(paths)
        assert sorted(path.name for path in folder.iterdir()) == sorted(
            ["index.html", *(f"run-{n:02}.{kind}" for n in range(2, 32) for kind in ("html", "json"))]
        )
        rows = table(parsed(folder / "index.html"), "30 pages")
        assert rows[1] == [*["12 October 2019, 09:00 BST", "Somebody has to act", "99.91 %", "64", "2", "1,207", "2"]]
        links = [link.attributes["href"] for link in parsed(folder / "index.html").all("tbody")[0].all("a")]
        assert links == [f"run-{number:02}.html" for number in range(31, 1, -1)]

    def test_headline_figures_are_there_for_scripts(self, small: Path) -> None:
        assert json.loads(small.with_suffix(".json").read_text(encoding="utf-8")) == {
            "run_id": RUN,
            "release_id": RUN,
            "published_at": "2019-09-11T08:01:02",
            "level": "action",
            "sentence": "2 rejected files have to be sent again; 2 deliveries are late or missing; 1,207 rows are held"
            " in quarantine.",
            "score": "99.91",
            "checked": 79_000,
            "failed": 64,
            "files_to_send_again": 2,
            "rows_held": 1207,
            "late": 2,
        }


def test_a_nation_of_forces_for_twelve_years_stays_small(tmp_path: Path) -> None:
    """110 forces by 150 months: below 2 MB, and each force can be found."""
    paths = Paths(tmp_path)
    release = make_release(paths, [], [], [])
    with duckdb.connect(str(paths.releases / RUN / "safer_city.duckdb")) as connection:
        connection.execute(
            """
            insert into marts.coverage
            select 'police_uk_street', 'Force number ' || force.range, month::date, 'complete'
            from range(110) as force, range(date '2012-01-01', date '2024-07-01', interval 1 month) as months (month);
            insert into marts.deliveries by name
            select source, force, month as extract_date, 'loaded' as state, timestamp '2019-01-01' as loaded_at
            from marts.coverage;
            insert into marts.data_quality by name
            select source, force, month as extract_date, 'RULE_' || rule.range as rule, 'critical' as severity,
              'validity' as dimension, 'in words' as message, 'Open data steward' as owner, 1000 as rows_checked,
              1 as rows_failed
            from marts.coverage, range(30) as rule
            """
        )
    page = write_page(tmp_path, release)
    assert page.stat().st_size < 2_000_000
    assert table(parsed(page), "Force number 109: 150 complete")[-1][:8] == ["2024", *["C"] * 6, "–"]


class TestHeld:
    """What is in quarantine, from the ledger."""

    TODAY = date(2019, 9, 11)

    def quarantine(self, rows: list[tuple[Any, ...]], deliveries: list[tuple[Any, ...]]) -> Quarantine:
        """rows: delivery, record, rules, days held. deliveries: number, source, revision, extract date."""
        with duckdb.connect() as connection:
            ledger.create(connection)
            connection.executemany(
                """
                insert into ledger.deliveries by name select
                  $1 as delivery_id, $2 as source, 'Kent Police' as force, '' as file_name, '' as path,
                  $4::date as extract_date, $3 as revision, '' as contract, '' as run_id, now() as loaded_at,
                  0 as accepted, 0 as quarantined, 'accepted' as state
                """,
                deliveries,
            )
            owners = {"KEY_REPEATED": REGISTRAR, "STATUS_MISSING": REGISTRAR, "WARD_WRONG": "Keeper of wards"}
            connection.executemany(
                "insert into ledger.rule_results values (?, '', ?, 'critical', 'validity', '', ?, 1, 1)",
                [(delivery[0], rule, owner) for delivery in deliveries for rule, owner in owners.items()],
            )
            connection.executemany(
                """
                insert into quarantine.rows by name select
                  '' as source, $1 as delivery_id, $2 as record_no, $3::varchar[] as rules, [] as messages,
                  '' as run_id, $4::timestamp as quarantined_at
                """,
                [(*row[:3], self.TODAY - timedelta(days=row[3])) for row in rows],
            )
            return held.in_quarantine(connection, self.TODAY, {"prevent_referrals"})

    def test_nothing(self) -> None:
        # A row whose delivery is another warehouse's stands for none held.
        found = self.quarantine([(9, 1, ["KEY_REPEATED"], 0)], [(1, "crimes", 1, self.TODAY)])
        assert found == Quarantine([], (0, 0, 0, 0))

    def test_bands_and_owners(self) -> None:
        days = [0, 7, 8, 30, 31, 90, 91, 4000]
        rows = [(1, number, ["KEY_REPEATED", "STATUS_MISSING"], day) for number, day in enumerate(days)]
        rows += [(2, day, ["KEY_REPEATED", "WARD_WRONG"], day) for day in (3, 20, 40, 100)]
        found = self.quarantine(rows, [(1, "crimes", 1, "2019-01-07"), (2, "crimes", 1, "2018-12-07")])
        assert found.rows_by_age == (3, 3, 3, 3)
        assert [(line.owner, line.source, line.rows_by_age) for line in found.held] == [
            (REGISTRAR, "crimes", (3, 3, 3, 3)),
            ("Keeper of wards", "crimes", (1, 1, 1, 1)),
        ]
        assert (found.held[0].held_since, found.held[0].oldest_extract) == (
            self.TODAY - timedelta(days=4000),
            date(2018, 12, 7),
        )
        assert found.rows == 12

    def test_a_revision_that_was_replaced_and_a_confidential_source_are_left_out(self) -> None:
        rows = [(1, 1, ["KEY_REPEATED"], 0), (2, 1, ["KEY_REPEATED"], 0), (3, 1, ["KEY_REPEATED"], 0)]
        found = self.quarantine(
            rows,
            [
                (1, "crimes", 1, "2019-01-07"),
                (2, "crimes", 2, "2019-01-07"),
                (3, "prevent_referrals", 1, "2019-01-07"),
            ],
        )
        assert found.rows_by_age == (1, 0, 0, 0)
        assert [line.source for line in found.held] == ["crimes"]


class TestInTheRun:
    """The pipeline writes it after publishing."""

    def test_each_number_is_a_query_of_the_marts(self, published: Sandbox) -> None:
        release = releases.current(published.paths)
        assert release is not None
        page = parsed(quality.page(published.paths, release.release_id))
        assert_readable(page)
        newest = "(select max(extract_date) from marts.deliveries where state <> 'rejected')"
        since = f"extract_date > {newest} - interval 12 months"
        for source in ("crimes", "police_uk_street"):
            expected = published.marts(
                f"""
                select rule, coalesce(sum(rows_checked) filter ({since}), 0),
                  coalesce(sum(rows_failed) filter ({since}), 0), sum(rows_failed)
                from marts.data_quality where source = '{source}' group by rule
                """
            )
            shown = table(page, f"Rules of {source.replace('_', ' ')}")[1:]
            assert sorted((row[0].split()[0], *(row[place] for place in (3, 4, 6))) for row in shown) == sorted(
                (rule, *(f"{count:,}" for count in counts)) for rule, *counts in expected
            )
        loaded = published.marts(
            "select source, count(*), count_if(state = 'rejected'), sum(received), sum(accepted), sum(quarantined),"
            " sum(rejected) from marts.deliveries group by source order by source"
        )
        assert table(page, "What this run loaded")[1:] == [
            [source.replace("_", " "), *("withheld" if count is None else f"{count:,}" for count in counts)]
            for source, *counts in loaded
        ]
        rows = published.warehouse("select count(*) from quarantine.rows")[0][0]
        assert table(page, "Rows in quarantine by owner and days held")[-1][-2] == f"{rows:,}"
        rejected = published.marts("select file_name, reason from marts.deliveries where state = 'rejected' order by 1")
        shown = table(page, "Rejected files, newest first")[1:]
        assert sorted((row[0], row[2]) for row in shown) == rejected
        months = published.marts("select state, count(*) from marts.coverage group by state order by state")
        cells = Counter(cell.text for cell in section(page, "coverage").all("td"))
        assert [(state, cells[state[0].upper()]) for state, _ in months if state != "complete"] == [
            (state, count) for state, count in months if state != "complete"
        ]

    def test_a_page_that_cannot_be_written_fails_no_run(self, published_copy: Sandbox) -> None:
        release = releases.current(published_copy.paths)
        assert release is not None
        for error in (OSError("no room"), duckdb.IOException("no room")):
            with (
                published_copy.patched(),
                without_prefect(published_copy.artifacts),
                patch.object(quality, "write", side_effect=error) as write,
                runs.open_run(published_copy.settings, "test") as run,
            ):
                pipeline.write_quality_page(run, release)
            write.assert_called_once()
