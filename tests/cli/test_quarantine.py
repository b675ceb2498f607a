"""quarantine list, show, export and replay, and deliveries accept, on rows that are bad in every way."""

import getpass
import io
import re
import shutil
from collections.abc import Iterator
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any
from unittest.mock import patch

import openpyxl
import pytest
from rich.console import Console

from flows import clock, warehouse
from flows.cli import quarantine as commands
from flows.cli import screen
from flows.contracts import load_contracts
from flows.errors import SaferCityError
from flows.operate import quarantine
from flows.runs import Summary
from flows.sample import PERSONAL_MARKERS, TEST_HMAC_KEY
from tests.cli.conftest import Safercity
from tests.faults import street
from tests.faults.crimes import MARKER, row, rows, text
from tests.faults.sandbox import Sandbox

DAY = "2019-01-12"
CRIMES = "crimes_2019-02-07.csv"
SOON = clock.today() + timedelta(days=3)
"""Three days after the rows of these tests came into quarantine."""

TEXTS = ["Sampling Lane", "The Invented Arms", "Theft from the person", "=cmd|' /C calc'!A0", "On or near"]
"""What stands in columns of text."""


def bad_crimes() -> bytes:
    """Sound crimes; then a status that is none, an unknown class, two that break two rules, and a malformed line."""
    bad = [
        row(50, DAY, status="mislaid", operation="=1+1", premises="=cmd|' /C calc'!A0"),
        row(51, DAY, class_code="999Z", operation="@SUM(A1)"),
        row(52, DAY, class_code="999Z", reported_at="2019-01-13 00:00", operation="-2+3"),
        row(53, DAY, class_code="999Z", reported_at="2019-01-13 00:00", operation="[/red]"),
    ]
    return text([*rows(DAY, 1, 3), *bad]) + f"{MARKER},too few\n".encode()


def one_row(source: str, **values: str) -> bytes:
    """A file of one row; its personal columns are filled."""
    columns = load_contracts()[source].columns
    fields = [MARKER if column.personal else values.get(column.name, "") for column in columns]
    return f"{','.join(column.name for column in columns)}\n{','.join(fields)}\n".encode()


def deliver(sandbox: Sandbox) -> Summary:
    """Bad rows of four sources, of which one is confidential and one refers to people."""
    month = "2019-01"
    sandbox.deliver(
        {
            CRIMES: bad_crimes(),
            **street.street(month, [*street.rows(month, 3), street.row(month, 9, Crime_type="=HYPERLINK(1)")]),
            "prevent_referrals_2019-02-07.csv": one_row(
                "prevent_referrals", referral_ref="PR/1", record_type="referral", referred_on=DAY, outcome="lost"
            ),
            "enforcement_actions_2019-02-07.csv": one_row(
                "enforcement_actions", action_number="EN/1", programme="luscombe", person_ref="P123", stage="purple",
                instrument="ticket", issued_on=DAY,
            ),
        }
    )  # fmt: skip
    return sandbox.load()


@pytest.fixture(scope="module")
def bad(tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    """A warehouse with rows in quarantine; look, but do not touch."""
    sandbox = Sandbox(tmp_path_factory.mktemp("bad"), {"hmac_key": TEST_HMAC_KEY}, today=SOON)
    deliver(sandbox)
    return sandbox


@pytest.fixture
def exported(bad: Sandbox, safercity: Safercity, tmp_path: Path) -> Path:
    """The workbooks of all owners."""
    assert safercity(bad, "quarantine", "export", "--out", str(tmp_path / "out")).code == 0
    return tmp_path / "out"


def cells(book: Path) -> Iterator[tuple[str, Any]]:
    """Every cell of a workbook that is not blank, with the name of its sheet."""
    for sheet in openpyxl.load_workbook(book).worksheets:
        for record in sheet.iter_rows():
            for cell in record:
                if cell.value is not None:
                    yield sheet.title, cell


class TestList:
    def test_rows_by_rule_and_file_with_owner_and_age(self, bad: Sandbox, safercity: Safercity) -> None:
        told = safercity(bad, "quarantine", "list", "--source", "crimes", "--json").json
        assert [(line["rule"], line["rows"], line["file"], line["days"]) for line in told] == [
            ("CLASS_CODE_UNKNOWN", 3, CRIMES, 3),
            ("REPORTED_AFTER_RECORDED", 2, CRIMES, 3),
            ("ROW_MALFORMED", 1, CRIMES, 3),
            ("STATUS_UNKNOWN", 1, CRIMES, 3),
        ]
        assert {line["owner"] for line in told} == {"Force crime registrar"}
        assert {line["oldest"] for line in told} == {(SOON - timedelta(days=3)).isoformat()}

    def test_each_row_is_counted_once_in_the_end(self, bad: Sandbox, safercity: Safercity) -> None:
        lines = safercity(bad, "quarantine", "list").lines
        assert lines[0].split("\t") == [
            "source", "rule", "owner", "force", "file", "extract_date", "rows", "oldest", "days", "message",
        ]  # fmt: skip
        assert lines[-1] == "Rows in quarantine: 8, each counted once."

    @pytest.mark.parametrize(
        ("given", "rules"),
        [
            (["--rule", "status_unknown"], {"STATUS_UNKNOWN"}),
            (["--owner", "open data steward"], {"CRIME_TYPE_FROM_2013_05"}),
            (["--file", "prevent_referrals_2019-02-07.csv"], {"OUTCOME_UNKNOWN"}),
            (["--owner", "Nobody"], set()),
        ],
    )
    def test_filters(self, given: list[str], rules: set[str], bad: Sandbox, safercity: Safercity) -> None:
        assert {line["rule"] for line in safercity(bad, "quarantine", "list", *given, "--json").json} == rules

    def test_only_so_many_lines(self, bad: Sandbox, safercity: Safercity) -> None:
        lines = safercity(bad, "quarantine", "list", "--limit", "2").lines
        assert len(lines) == 5
        assert lines[3].startswith("The oldest 2 of 7 lines")

    def test_nothing(self, bad: Sandbox, safercity: Safercity) -> None:
        assert safercity(bad, "quarantine", "list", "--rule", "PLUMS").out == "Nothing in quarantine matches.\n"

    @pytest.mark.parametrize("command", [("list",), ("show", "--source", "crimes"), ("export", "--out", "new")])
    def test_no_warehouse(self, command: tuple[str, ...], sandbox: Sandbox, safercity: Safercity) -> None:
        ended = safercity(sandbox, "quarantine", *command)
        assert (ended.code, ended.error) == (
            2,
            f"there is no warehouse in {sandbox.data} yet; run: safercity run",
        )

    def test_whoever_writes_the_warehouse_is_named(self, bad: Sandbox, safercity: Safercity) -> None:
        with warehouse.writer_lock(bad.paths, "run"):
            ended = safercity(bad, "quarantine", "list")
        assert ended.code == 1
        assert ended.error.startswith("the warehouse is being written by `run` (process ")

    def test_no_such_source(self, bad: Sandbox, safercity: Safercity) -> None:
        assert safercity(bad, "quarantine", "show", "--source", "plums").error.startswith("no contract for plums; ")


class TestShow:
    def test_where_a_row_stands_and_why(self, bad: Sandbox, safercity: Safercity) -> None:
        found = safercity(bad, "quarantine", "show", "--source", "crimes", "--json").json
        assert [(line["record"], line["rules"]) for line in found] == [
            (5, ["STATUS_UNKNOWN"]),
            (6, ["CLASS_CODE_UNKNOWN"]),
            (7, ["CLASS_CODE_UNKNOWN", "REPORTED_AFTER_RECORDED"]),
            (8, ["CLASS_CODE_UNKNOWN", "REPORTED_AFTER_RECORDED"]),
            (9, ["ROW_MALFORMED"]),
        ]
        assert found[0]["status"] == "‹7 characters›"
        assert (found[1]["class_code"], found[1]["easting"], found[1]["recorded_at"]) == (
            "999Z",
            "533400",
            f"{DAY} 12:00",
        )
        assert found[2]["messages"] == [
            "class_code is not in the offence reference",
            "reported_at lies after recorded_at",
        ]
        assert found[4]["crime_number"] is None

    def test_the_reasons_are_all_there_when_one_is_asked_for(self, bad: Sandbox, safercity: Safercity) -> None:
        given = ["--source", "crimes", "--rule", "REPORTED_AFTER_RECORDED", "--limit", "1"]
        ended = safercity(bad, "quarantine", "show", *given)
        assert "CLASS_CODE_UNKNOWN, REPORTED_AFTER_RECORDED" in ended.lines[1]
        assert ended.lines[2] == "The first 1; see all with --limit 0."

    @pytest.mark.parametrize("source", ["crimes", "police_uk_street", "enforcement_actions", "prevent_referrals"])
    def test_no_text_and_nothing_personal(self, source: str, bad: Sandbox, safercity: Safercity) -> None:
        ended = safercity(bad, "quarantine", "show", "--source", source, "--json")
        shown = set(ended.json[0])
        assert shown & {column.name for column in load_contracts()[source].columns if column.type == "text"} == set()
        assert "person_ref" not in shown
        assert [word for word in (MARKER, *TEXTS, *PERSONAL_MARKERS) if word in ended.out] == []

    def test_of_a_confidential_source_only_counts(self, bad: Sandbox, safercity: Safercity) -> None:
        ended = safercity(bad, "quarantine", "show", "--source", "prevent_referrals")
        assert ended.lines[0].startswith("source\trule\towner")
        assert "PR/1" not in ended.out
        assert ended.lines[-1] == "prevent_referrals is confidential: its rows are counted, and not shown."

    def test_a_value_is_no_markup(self, bad: Sandbox, safercity: Safercity, monkeypatch: pytest.MonkeyPatch) -> None:
        printed = io.StringIO()
        terminal = Console(file=printed, force_terminal=True, width=2000, highlight=False)
        monkeypatch.setattr(screen, "out", terminal)
        safercity(bad, "quarantine", "show", "--source", "crimes")
        assert "[/red]" in printed.getvalue()


class TestExport:
    def test_a_workbook_for_each_owner(self, exported: Path) -> None:
        assert sorted(path.name for path in exported.iterdir()) == [
            "quarantine-anti-social-behaviour-coordinator.xlsx",
            "quarantine-force-crime-registrar.xlsx",
            "quarantine-open-data-steward.xlsx",
            "quarantine-prevent-coordinator.xlsx",
        ]

    def test_a_sheet_for_each_rule_after_one_that_sums_up(self, exported: Path) -> None:
        book = openpyxl.load_workbook(exported / "quarantine-force-crime-registrar.xlsx")
        assert book.sheetnames == [
            "Summary", "CLASS_CODE_UNKNOWN", "REPORTED_AFTER_RECORDED", "ROW_MALFORMED", "STATUS_UNKNOWN",
        ]  # fmt: skip
        summary = [list(line) for line in book["Summary"].iter_rows(values_only=True)]
        assert summary[3] == ["sheet", "source", "rule", "what it means", "rows", "files", "oldest", "days"]
        assert [(line[0], line[4], line[5], line[7]) for line in summary[4:]] == [
            ("CLASS_CODE_UNKNOWN", 3, 1, 3),
            ("REPORTED_AFTER_RECORDED", 2, 1, 3),
            ("ROW_MALFORMED", 1, 1, 3),
            ("STATUS_UNKNOWN", 1, 1, 3),
        ]
        assert "OFFICIAL" in str(summary[0][0])

    def test_a_sheet_says_what_is_wrong_and_lists_the_rows(self, exported: Path) -> None:
        sheet = openpyxl.load_workbook(exported / "quarantine-force-crime-registrar.xlsx")["REPORTED_AFTER_RECORDED"]
        assert sheet["A2"].value == "reported_at lies after recorded_at"
        header = [cell.value for cell in sheet[5]]
        assert header[:8] == [
            "file",
            "force",
            "extract date",
            "record",
            "quarantined on",
            "days",
            "rules",
            "crime number",
        ]
        lines = [dict(zip(header, line, strict=True)) for line in sheet.iter_rows(min_row=6, values_only=True)]
        assert [(line["record"], line["days"], line["rules"]) for line in lines] == [
            (7, 3, "CLASS_CODE_UNKNOWN, REPORTED_AFTER_RECORDED"),
            (8, 3, "CLASS_CODE_UNKNOWN, REPORTED_AFTER_RECORDED"),
        ]
        assert lines[0]["class code"] == "999Z"
        assert (sheet.freeze_panes, sheet.auto_filter.ref[:3]) == ("A6", "A5:")
        assert sheet.column_dimensions["A"].width > len(CRIMES)

    def test_no_value_is_a_formula(self, exported: Path) -> None:
        found = {
            cell.value: (cell.data_type, cell.hyperlink)
            for book in exported.iterdir()
            for _, cell in cells(book)
            if str(cell.value)[0] in "=+-@["
        }
        assert found.keys() >= {"=1+1", "@SUM(A1)", "-2+3", "[/red]"}
        assert set(found.values()) == {("s", None)}

    def test_no_text_and_nothing_personal(self, exported: Path) -> None:
        words = (MARKER, *TEXTS, *PERSONAL_MARKERS, "P123")
        for book in exported.iterdir():
            assert [cell.value for _, cell in cells(book) for word in words if word in str(cell.value)] == []
        coordinator = exported / "quarantine-anti-social-behaviour-coordinator.xlsx"
        assert not [cell.value for _, cell in cells(coordinator) if re.fullmatch("[0-9a-f]{64}", str(cell.value))]

    def test_of_a_confidential_source_not_even_a_number(self, exported: Path) -> None:
        found = list(cells(exported / "quarantine-prevent-coordinator.xlsx"))
        assert {sheet for sheet, _ in found} == {"Summary"}
        assert not [cell.value for _, cell in found if isinstance(cell.value, int)]
        assert any("They are confidential" in str(cell.value) for _, cell in found)

    def test_only_of_one_owner(self, bad: Sandbox, safercity: Safercity, tmp_path: Path) -> None:
        given = ["--out", str(tmp_path / "one"), "--owner", "Force crime registrar", "--json"]
        assert safercity(bad, "quarantine", "export", *given).json == [
            {
                "path": str(tmp_path / "one/quarantine-force-crime-registrar.xlsx"),
                "owner": "Force crime registrar",
                "rules": 4,
                "rows": 5,
            }
        ]

    def test_a_rule_with_more_rows_than_a_sheet_holds(self, bad: Sandbox, tmp_path: Path) -> None:
        with bad.patched(), patch.object(quarantine, "SHEET_ROWS", 2):
            quarantine.export(bad.settings, tmp_path / "short", "Force crime registrar")
        sheet = openpyxl.load_workbook(tmp_path / "short/quarantine-force-crime-registrar.xlsx")["CLASS_CODE_UNKNOWN"]
        assert sheet["A4"].value == "The first 2 of 3 rows."
        assert sheet.max_row == 8

    def test_folders_that_cannot_be(self, bad: Sandbox, safercity: Safercity, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("mine", encoding="utf-8")
        for out in (tmp_path / "file", tmp_path):
            ended = safercity(bad, "quarantine", "export", "--out", str(out))
            assert (ended.code, ended.error) == (
                2,
                f"{out} is no empty folder; give a new one, so that no workbook is overwritten",
            )
        ended = safercity(bad, "quarantine", "export", "--out", str(tmp_path / "file/below"))
        assert (ended.code, ended.error) == (
            2,
            f"{tmp_path}/file/below cannot be written (Not a directory); give another folder",
        )

    def test_names_of_sheets_are_short_and_differ(self) -> None:
        long = "A_RULE_WITH_A_NAME_THAT_IS_MUCH_TOO_LONG"
        assert quarantine._unique([long, f"{long}ER", "Summary", "S"], longest=31, taken=["summary"]) == [
            "A_RULE_WITH_A_NAME_THAT_IS_MUCH",
            "A_RULE_WITH_A_NAME_THAT_IS_ (2)",
            "Summary (2)",
            "S",
        ]


class TestReplay:
    def test_nothing_matches(self, bad: Sandbox, safercity: Safercity) -> None:
        with patch("flows.runs.rows_are_not_published", return_value=False):
            ended = safercity(bad, "quarantine", "replay", "--rule", "KEY_REPEATED")
        assert (ended.code, ended.out) == (0, "Nothing in quarantine matches; nothing to do.\n")

    @pytest.mark.parametrize(
        ("given", "error"),
        [
            (
                ["--rule", "PLUMS"],
                "there is no rule PLUMS; see those with rows in quarantine: safercity quarantine list",
            ),
            (["--source", "plums"], "no contract for plums; the sources are: "),
        ],
    )
    def test_no_such_thing(self, given: list[str], error: str, bad: Sandbox, safercity: Safercity) -> None:
        ended = safercity(bad, "quarantine", "replay", *given)
        assert ended.code == 2
        assert ended.error.startswith(error)

    def test_no_warehouse(self, sandbox: Sandbox, safercity: Safercity) -> None:
        sandbox.landing.mkdir()
        assert safercity(sandbox, "quarantine", "replay").error.startswith("there is no warehouse in ")

    def test_it_says_what_became_of_each_file(self, bad: Sandbox, safercity: Safercity) -> None:
        from flows.pipeline import Replayed
        from flows.stages.replay import ReplayedFile

        files = [
            ReplayedFile("crimes", "City of London Police", CRIMES, SOON, 2, 1, 0),
            ReplayedFile("crimes", "City of London Police", "crimes_2019-03-07.csv", SOON, 0, 0, 4),
            ReplayedFile("crimes", "City of London Police", "crimes_2019-04-07.csv", SOON, 0, 3, 0),
        ]
        with patch.object(commands, "_through_prefect", return_value=Replayed(files, None)):
            lines = safercity(bad, "quarantine", "replay", "--dry-run").lines
            told = safercity(bad, "quarantine", "replay", "--json").json
        assert lines[0].split("\t")[4:] == ["would be loaded", "still bad", "kept in part"]
        assert lines[1].split("\t")[4:] == ["2", "1", "0"]
        assert lines[3] == "Files of which every row still breaks a rule: 1."
        assert lines[4] == "Rows would be loaded: 2. Rows that stay in quarantine: 8."
        assert lines[5].startswith(
            "Rows kept in part hold a value of which only the length was kept. Put their file back"
        )
        assert (told["state"], told["release"], told["files"][0]["loaded"]) == ("done", None, 2)

    def test_it_runs_through_prefect(self, safercity: Safercity, tmp_path: Path) -> None:
        called: list[Any] = []
        main = import_module("flows.cli.main")
        sandbox = Sandbox(tmp_path, {"hmac_key": TEST_HMAC_KEY}, today=SOON)
        deliver(sandbox)

        def fail(settings: Any, flow: Any) -> None:
            called.append(settings.landing_dir)
            raise SaferCityError("crimes: the replay failed (BinderException); nothing of it was loaded")

        with patch.object(main, "through_prefect", fail):
            ended = safercity(sandbox, "quarantine", "replay")
        assert (ended.code, called) == (1, [sandbox.landing])
        assert ended.error == "crimes: the replay failed (BinderException); nothing of it was loaded"


class TestAccept:
    NAME = "crimes_2019-05-14.csv"
    CONTENT = text([*rows("2019-05-01", 1, 3), *rows("2019-05-01", 400, 12, status="mislaid")])

    @pytest.fixture(scope="class")
    @classmethod
    def loaded(cls, tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
        """A file that was rejected for its share of bad rows, and others that were for other reasons."""
        sandbox = Sandbox(tmp_path_factory.mktemp("rejected"))
        sandbox.deliver(
            {
                cls.NAME: cls.CONTENT,
                CRIMES: text(rows(DAY, 1, 3)),
                "other/crimes_2019-02-07.csv": text(rows(DAY, 1, 4)),
                "crimes_2019-02-08.csv": b"",
                "crimes_2019-02-09.csv": text(rows(DAY, 1, 3), without=["status"]),
                "crimes_2039-02-09.csv": text(rows(DAY, 1, 3)),
            }
        )
        sandbox.load()
        return sandbox

    @pytest.fixture
    def rejected(self, loaded: Sandbox) -> Iterator[Sandbox]:
        """The same, as it was before, for each test: in its place, since the ledger knows where a file lies."""
        before = loaded.folder.with_name("before")
        if not before.exists():
            shutil.copytree(loaded.folder, before)
        yield loaded
        shutil.rmtree(loaded.folder)
        shutil.copytree(before, loaded.folder)

    def fate(self, sandbox: Sandbox) -> list[tuple[Any, ...]]:
        """State and sums of the file."""
        return sandbox.warehouse(
            "select state, reason_code, received, accepted, quarantined, rejected from ledger.deliveries"
            " where file_name = ?",
            [self.NAME],
        )

    def test_the_next_run_loads_it(self, rejected: Sandbox, safercity: Safercity) -> None:
        assert self.fate(rejected) == [("rejected", "TOO_MANY_BAD_ROWS", 15, 0, 0, 15)]
        assert rejected.load().files == []
        ended = safercity(rejected, "deliveries", "accept", self.NAME, "--reason", "the new system has another list")
        assert ended.code == 0
        assert ended.lines[0].startswith(f"Accepted by {getpass.getuser()}: {self.NAME} (crimes, delivery ")
        assert ended.lines[1] == "The next run loads it: safercity run"
        assert not rejected.nothing_to_do()
        [file] = rejected.load().files
        assert (file.file_name, file.state, file.accepted, file.quarantined) == (self.NAME, "accepted", 3, 12)
        assert self.fate(rejected) == [("accepted", None, 15, 3, 12, 0)]
        assert rejected.load().files == []
        [(reason, by, source, revision)] = rejected.warehouse(
            "select reason, decided_by, source, revision from ledger.decisions"
        )
        assert (reason, by, source, revision) == (
            "the new system has another list", getpass.getuser(), "crimes", 1,
        )  # fmt: skip

    def test_deciding_again_changes_nothing(self, rejected: Sandbox, safercity: Safercity) -> None:
        first = safercity(rejected, "deliveries", "accept", self.NAME, "--reason", "first", "--json").json
        again = safercity(rejected, "deliveries", "accept", str(first["delivery_id"]), "--reason", "second")
        assert again.lines[0].startswith("Had been accepted already by ")
        assert rejected.warehouse("select reason from ledger.decisions") == [("first",)]

    def test_it_holds_wherever_the_file_comes_again(self, rejected: Sandbox, safercity: Safercity) -> None:
        (rejected.landing / self.NAME).unlink()
        ended = safercity(rejected, "deliveries", "accept", self.NAME, "--reason", "known")
        assert ended.lines[1] == (
            f"It lies no longer at {rejected.landing / self.NAME}: put it back into the landing folder, and the next"
            " run loads it."
        )
        rejected.deliver({f"back/{self.NAME}": self.CONTENT})
        assert [file.state for file in rejected.load().files] == ["accepted"]

    def test_but_not_for_other_content(self, rejected: Sandbox, safercity: Safercity) -> None:
        safercity(rejected, "deliveries", "accept", self.NAME, "--reason", "known")
        rejected.deliver(
            {self.NAME: self.CONTENT + text([row(500, "2019-05-01", status="mislaid")]).split(b"\n", 1)[1]}
        )
        assert [file.reason_code for file in rejected.load().files] == ["TOO_MANY_BAD_ROWS"]

    @pytest.mark.parametrize(
        ("name", "error"),
        [
            ("plums.csv", "no delivery is called 'plums.csv'; see: safercity deliveries --state rejected"),
            (
                CRIMES,
                "crimes_2019-02-07.csv cannot be accepted as it is (EXTRACT_CONFLICT): another file stands for the same"
                " extract; a correction needs a later extract date, or the name of a re-supply such as _r2",
            ),
            (
                "crimes_2019-02-08.csv",
                "crimes_2019-02-08.csv cannot be accepted as it is (FILE_EMPTY): its rows cannot be read as they are;"
                " have it sent again, corrected",
            ),
            (
                "crimes_2019-02-09.csv",
                "crimes_2019-02-09.csv cannot be accepted as it is (COLUMN_MISSING): have it supplied with the column;"
                " or, if this force does not supply that, say `supplied: false` of the column in the contract, and the"
                " next run judges the file again",
            ),
            (
                "crimes_2039-02-09.csv",
                "crimes_2039-02-09.csv cannot be accepted as it is (EXTRACT_IN_FUTURE): leave it where it is: it is"
                " read by itself when its extract date has come",
            ),
        ],
    )
    def test_what_cannot_be_accepted(self, name: str, error: str, rejected: Sandbox, safercity: Safercity) -> None:
        ended = safercity(rejected, "deliveries", "accept", name, "--reason", "known")
        assert (ended.code, ended.error) == (2, error)

    def test_other_things_in_the_way(self, rejected: Sandbox, safercity: Safercity) -> None:
        blank = safercity(rejected, "deliveries", "accept", self.NAME, "--reason", "  ")
        assert blank.error == 'give a reason that tells others why the file may be trusted: --reason "…"'
        rejected.deliver({f"other/{self.NAME}": self.CONTENT + b"malformed\n"})
        rejected.load()
        several = safercity(rejected, "deliveries", "accept", self.NAME, "--reason", "known")
        assert several.error.startswith(f"several rejected files are called '{self.NAME}'; give the number of the one")
        numbers = [int(number) for number in re.findall(r"(\d+) is ", several.error)]
        assert len(numbers) == 2
        assert safercity(rejected, "deliveries", "accept", str(numbers[0]), "--reason", "known").code == 0
        rejected.load()
        late = safercity(rejected, "deliveries", "accept", str(numbers[1]), "--reason", "known")
        assert late.error.startswith(
            f"{self.NAME} cannot be accepted: meanwhile another file stands for the same extract"
        )
        done = safercity(rejected, "deliveries", "accept", str(numbers[0]), "--reason", "known")
        assert done.error == f"{numbers[0]} was not rejected: there is nothing to decide"

    def test_no_warehouse(self, sandbox: Sandbox, safercity: Safercity) -> None:
        ended = safercity(sandbox, "deliveries", "accept", self.NAME, "--reason", "known")
        assert ended.error == f"there is no warehouse in {sandbox.data} yet; run: safercity run"


def test_deliveries_are_listed_as_ever(published: Sandbox, safercity: Safercity) -> None:
    told = safercity(published, "deliveries", "--state", "rejected", "--json").json
    assert {line["state"] for line in told} == {"rejected"}
