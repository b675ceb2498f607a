"""What was issued stays: a later rendering marks each figure that differs, and the workbook has what the page has."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import openpyxl
import pytest

from flows.errors import SaferCityError
from flows.report import issued, workbook
from flows.report.document import (
    MISSING,
    WITHHELD,
    Block,
    Cell,
    Change,
    Edition,
    Report,
    Section,
    Table,
    change,
    count,
    decimal,
    percent,
    percent_change,
    word,
)
from flows.report.figures import Inputs
from flows.report.issued import Issue
from flows.settings import Paths

EDITION = Edition("City of London Police", "force", date(2019, 7, 1), date(2019, 8, 7))

DELIVERIES = {
    "crimes": {"crimes_2019-08-07.csv": ("2019-08-07", "loaded 9")},
    "triage_contacts": {"triage_contacts_2019-08-07.csv": ("2019-08-07", "loaded 4")},
}
DEFINITIONS = {"violence": "1 abc", "asb": "1 def"}


def report(violence: int = 122, contacts: int = 66, referrals: str | int = 8, code: str = "0.1.0") -> Report:
    """A report with a table that is as of a day, one that is as last known, and one whose moves are not told."""
    tables = (
        Table(
            "violence_months",
            "Violence",
            ("Measure", "July 2019", "Change %"),
            ((word("Violence"), count(violence), percent_change(-9.6, 135)), (word("Robbery"), count(14), count(None))),
            sources=("crimes",),
        ),
        Table(
            "triage", "Triage", ("What", "July"), ((word("Contacts"), count(contacts)),), 1, ("triage_contacts",), True
        ),
        Table(
            "prevent",
            "Prevent",
            ("Quarter", "Referrals"),
            ((word("April"), count(referrals) if isinstance(referrals, int) else Cell(referrals)),),
            compared=False,
        ),
    )
    return Report(
        "Report", EDITION, "OFFICIAL", "new", "2019-09-11T08:00:00", code, (Section("s", "S", (Block(tables=tables),)),)
    )


def issue(**given: object) -> Issue:
    """The first issue of it, as it was before."""
    first = Issue(1, "old", "0.1.0", "2019-08-08T08:00:00", date(2019, 7, 7), issued.figures(report()), inputs())
    return replace(first, **given)  # pyright: ignore[reportArgumentType]


def inputs(crimes: dict[str, tuple[str, str]] | None = None, **definitions: str) -> Inputs:
    return Inputs(DELIVERIES | {"crimes": DELIVERIES["crimes"] | (crimes or {})}, DEFINITIONS | definitions)


def cell(found: Report, key: str, row: int, column: int) -> Cell:
    return next(table for _, table in found.tables if table.key == key).rows[row][column]


class TestComparing:
    LATE = {"crimes_2019-07-20.csv": ("2019-07-20", "loaded 1")}  # noqa: RUF012

    def test_the_same_figures(self) -> None:
        assert issued.compare(report(), issue(), inputs()).changes == ()

    def test_a_figure_that_differs_is_marked_with_what_it_was_and_why(self) -> None:
        found = issued.compare(report(violence=123), issue(), inputs(self.LATE))
        assert found.issue == 2
        assert found.changes == (
            Change("Violence", "Violence", "July 2019", "122", "123", "deliveries: crimes_2019-07-20.csv (new)"),
        )
        assert cell(found, "violence_months", 0, 1) == Cell("123", 123, was="122")
        assert cell(found, "violence_months", 1, 1).was is None

    def test_a_delivery_after_the_as_of_date_explains_only_what_has_no_as_of_form(self) -> None:
        later = {"crimes_2019-09-10.csv": ("2019-09-10", "loaded 1")}
        [moved] = issued.compare(report(violence=123, code="0.2.0"), issue(), inputs(later)).changes
        assert moved.why == "the program: 0.1.0 → 0.2.0"
        now = inputs()
        now.deliveries["triage_contacts"] = {"triage_contacts_2019-09-10.csv": ("2019-09-10", "loaded 1")}
        [moved] = issued.compare(report(contacts=67), issue(), now).changes
        assert moved.why == ("deliveries: triage_contacts_2019-08-07.csv (gone), triage_contacts_2019-09-10.csv (new)")

    def test_a_replay_is_a_delivery_that_fared_otherwise(self) -> None:
        replayed = {"crimes_2019-08-07.csv": ("2019-08-07", "loaded 10")}
        [moved] = issued.compare(report(violence=123), issue(), inputs(replayed)).changes
        assert moved.why == "deliveries: crimes_2019-08-07.csv (fared otherwise)"

    def test_many_deliveries_are_counted(self) -> None:
        many = {f"crimes_2019-07-{day}.csv": (f"2019-07-{day}", "loaded 1") for day in range(10, 15)}
        [moved] = issued.compare(report(violence=123), issue(), inputs(many)).changes
        assert moved.why.endswith("crimes_2019-07-12.csv (new) and 2 more")

    def test_a_new_definition(self) -> None:
        [moved] = issued.compare(report(violence=123), issue(), inputs(violence="2 xyz")).changes
        assert moved.why == "measures defined anew: violence"

    def test_of_what_may_not_be_told_only_that_it_moved(self) -> None:
        found = issued.compare(report(referrals=WITHHELD), issue(), inputs())
        [moved] = found.changes
        assert (moved.was, moved.now) == ("another", "not told")
        assert cell(found, "prevent", 0, 1).was == "another"

    def test_rows_that_came_and_went(self) -> None:
        before = issue()
        before.figures["violence_months"]["Affray"] = ["5", "–"]
        del before.figures["violence_months"]["Robbery"]
        found = {
            (each.row, each.column): (each.was, each.now) for each in issued.compare(report(), before, inputs()).changes
        }
        assert found == {
            ("Robbery", "July 2019"): ("not in it", "14"),
            ("Robbery", "Change %"): ("not in it", MISSING),
            ("Affray", ""): ("in it", "not in it"),
        }


class TestKept:
    def test_a_record_is_read_as_it_was_written(self, tmp_path: Path) -> None:
        assert issued.newest(tmp_path) is None
        for number in (1, 2, 10):
            issued.write_record(tmp_path, issue(number=number))
        assert issued.newest(tmp_path) == issue(number=10)

    @pytest.mark.parametrize("text", ["", "{}", "[]", '{"release_id": 1}'])
    def test_a_record_that_cannot_be_read_is_no_first_issue(self, tmp_path: Path, text: str) -> None:
        (tmp_path / "issue-1.json").write_text(text, encoding="utf-8")
        with pytest.raises(SaferCityError, match=r"issue-1\.json cannot be read"):
            issued.newest(tmp_path)

    def test_where_it_lies(self, tmp_path: Path) -> None:
        paths = Paths(tmp_path)
        assert issued.folder(paths, EDITION, EDITION.force).name == "2019-07-as-of-2019-08-07"
        other = replace(EDITION, force="Avon & Somerset")
        assert issued.folder(paths, other, EDITION.force).name == "2019-07-as-of-2019-08-07-avon-somerset"

    def test_last_months_report(self, tmp_path: Path) -> None:
        """The newest that was issued before this one's day; where there was none, that of the usual day."""
        paths = Paths(tmp_path)

        def last_months() -> date:
            return issued.last_months(paths, EDITION, EDITION.force)

        assert last_months() == date(2019, 7, 7)
        for day in (date(2019, 7, 5), date(2019, 7, 9), date(2019, 8, 7), date(2019, 9, 1)):
            june = replace(EDITION, month=date(2019, 6, 1), as_of=day)
            issued.write_record(issued.folder(paths, june, EDITION.force), issue())
            other = replace(june, force="Kent Police", as_of=date(2019, 7, 30))
            issued.write_record(issued.folder(paths, other, EDITION.force), issue())
        assert last_months() == date(2019, 7, 9)
        (paths.data / "reports/partnership/2019-06-as-of-2019-07-20").mkdir()
        assert last_months() == date(2019, 7, 9)


class TestWorkbook:
    def test_it_has_the_tables_of_the_report(self, tmp_path: Path) -> None:
        rows = (
            (word("Counts"), count(1234), Cell("7", 7, was="6")),
            (word("Decimals"), decimal(12.34), Cell("0.77", 0.77)),
            (word("Percent"), percent(9.65), percent_change(-9.6, 12)),
            (word("Change"), change(-13), percent_change(5.0, 4)),
            (word("Words"), count(None), Cell(WITHHELD, was="5")),
        )
        table = Table("a_table_whose_name_is_longer_than_31_characters", "Caption", ("What", "One", "Two"), rows)
        made = replace(report(), sections=(Section("s", "S", (Block(tables=(table,)),)),), issue=2)
        path = tmp_path / "report.xlsx"
        workbook.write(path, made)
        book = openpyxl.load_workbook(path)
        contents, sheet = book.worksheets
        assert (contents.title, sheet.title) == ("Contents", "a_table_whose_name_is_longer_th")
        assert contents["B4"].value == "S: Caption"
        for each in book.worksheets:
            assert each["A1"].value == "OFFICIAL"
            for part in (each.oddHeader, each.oddFooter):
                assert part is not None
                assert part.center is not None
                assert part.center.text == "&BOFFICIAL"
        assert "as of 7 August 2019, release new, issue 2" in sheet["A3"].value
        values = [[each.value for each in row] for row in sheet.iter_rows(min_row=4)]
        assert values == [
            ["What", "One", "Two"],
            ["Counts", 1234, 7],
            ["Decimals", 12.3, 0.77],
            ["Percent", 9.7, -9.6],
            ["Change", -13, "–"],
            ["Words", MISSING, WITHHELD],
        ]
        assert [sheet["B6"].number_format, sheet["C6"].number_format] == ["#,##0.0", "#,##0.00"]
        assert sheet["C5"].comment.text == "was 6 in issue 1"
        assert sheet["C9"].comment.text == "was 5 in issue 1"
        assert [path.name for path in tmp_path.iterdir()] == ["report.xlsx"]


@pytest.mark.parametrize(
    ("made", "text", "value"),
    [
        (count(0), "0", 0),
        (count(12345), "12,345", 12345),
        (count(None), MISSING, None),
        (change(0), "0", 0),
        (change(5), "+5", 5),
        (change(-1234), "−1,234", -1234),
        (decimal(0.05), "0.1", 0.1),
        (decimal(-2.25), "−2.3", -2.3),
        (percent(None), "–", None),
        (percent(60.35), "60.4 %", 60.4),
        (percent_change(-9.63, 135), "−9.6 %", -9.6),
        (percent_change(60.0, 19), "+60.0 % *", 60.0),
        (percent_change(60.0, 20), "+60.0 %", 60.0),
        (percent_change(500.0, 4), "–", None),
        (percent_change(500.0, 5), "+500.0 % *", 500.0),
        (percent_change(None, 0), "–", None),
        (percent_change(None, None), MISSING, None),
        (percent_change(None, 30), MISSING, None),
        (percent_change(0.0, 30), "0.0 %", 0.0),
    ],
)
def test_cells(made: Cell, text: str, value: float | None) -> None:
    assert (made.text, made.value) == (text, value)
    assert made.is_number
