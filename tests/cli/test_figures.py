"""figures: what it says of a release, of a file of one's own, and of what no release tells."""

import shutil
from pathlib import Path

import duckdb
import pytest

from flows.operate.questions import FIGURES_FILE, load_reference, read_figures
from flows.warehouse import writer_lock
from tests.cli.conftest import Ended, Safercity
from tests.faults.sandbox import Sandbox

HEADER = "figure_id,target,section,measure,period_start,period_end,as_of,value,unit"
ABH_THEN = "SCP19-VAP-013,yes,Violence,bodily harm,2019-01-01,2019-01-31,2019-02-13,6,offences"
ABH_NOW = "SCP19-VAP-014,yes,Violence,bodily harm,2019-01-01,2019-01-31,2019-03-07,4,offences"
WRONG = "SCP19-VAP-009,yes,Violence,common assault,2019-01-01,2019-01-31,2019-03-07,2,offences"
HOURS = "SCP19-ACQ-010,yes,Theft,at 18:00,2019-01-01,2019-01-31,2019-03-07,0,%"
REFERRALS = "SCP19-PRV-008,yes,Prevent,referrals,2019-01-01,2019-03-31,2019-03-07,0,referrals"
STRANGE = "MINE-1,yes,Mine,of my own,2019-01-01,2019-01-31,2019-03-07,1,offences"
TEXT = "SCP19-APR-010,no,Assaults,start of the night,2019-01-01,2019-01-31,2019-03-07,18:00,time"
MAY = [
    f"SCP19-VAP-00{number},no,Violence,May,2019-05-01,2019-05-31,2019-06-07,{value},{unit}"
    for number, value, unit in ((1, 75, "offences"), (2, -37, "offences"), (3, -32.2, "%"))
]


class Ask:
    """Asks for figures of a file that holds the rows given."""

    def __init__(self, safercity: Safercity, path: Path) -> None:
        self.safercity = safercity
        self.path = path

    def __call__(self, sandbox: Sandbox, rows: list[str], *arguments: str) -> Ended:
        """How the command ended."""
        self.path.write_text("\n".join([HEADER, *rows, ""]), encoding="utf-8")
        return self.safercity(sandbox, "figures", "--check", str(self.path), *arguments)


@pytest.fixture
def ask(safercity: Safercity, tmp_path: Path) -> Ask:
    """Asks for figures of a file."""
    return Ask(safercity, tmp_path / "mine.csv")


class TestOwnFile:
    """Figures of a file, by the ids of those that there are queries for."""

    def test_each_as_known_at_its_date(self, ask: Ask, published: Sandbox) -> None:
        ended = ask(published, [ABH_THEN, ABH_NOW])
        assert ended.code == 0
        assert ended.lines == [
            "Violence",
            "figure\texpected\tgot\tverdict",
            "SCP19-VAP-013 bodily harm, 2019-01, as of 2019-02-13\t6\t6\treproduced",
            "SCP19-VAP-014 bodily harm, 2019-01, as of 2019-03-07\t4\t4\treproduced",
            "",
            "2 reproduced",
            "2 of 2 reproduced",
        ]

    def test_one_that_differs_is_shown_and_fails(self, ask: Ask, published: Sandbox) -> None:
        ended = ask(published, [ABH_THEN, WRONG, HOURS])
        assert ended.code == 1
        assert "SCP19-VAP-009 common assault, 2019-01, as of 2019-03-07\t2\t1\tdiffers" in ended.lines
        assert "SCP19-ACQ-010 at 18:00, 2019-01, as of 2019-03-07\t0 %\t0\treproduced" in ended.lines
        assert ended.lines[-2:] == ["2 reproduced, 1 differs", "2 of 3 reproduced"]
        unmet = ask(published, [ABH_THEN, WRONG, HOURS], "--unmet")
        assert [line[:13] for line in unmet.lines if line.startswith("SCP19")] == ["SCP19-VAP-009"]
        assert (unmet.code, unmet.lines[-1]) == (1, "2 of 3 reproduced")

    def test_for_scripts(self, ask: Ask, published: Sandbox) -> None:
        ended = ask(published, [WRONG, TEXT], "--json")
        told = ended.json
        assert ended.code == 1
        assert (told["reproduced"], told["targets"]) == (0, 1)
        assert told["verdicts"]["differs"] == told["verdicts"]["not asked"] == 1
        first, second = told["figures"]
        assert (first["expected"], first["got"], first["verdict"], first["as_of"]) == (
            "2", "1", "differs", "2019-03-07",
        )  # fmt: skip
        assert first["rule"].startswith("Offences of the measure")
        assert (second["got"], second["target"], second["remark"][:12]) == (None, False, "A definition")

    def test_what_no_query_asks_for_is_not_reproduced(self, ask: Ask, published: Sandbox) -> None:
        ended = ask(published, [STRANGE])
        assert "MINE-1 of my own, 2019-01, as of 2019-03-07\t1\t\tnot asked: No query asks for it." in ended.lines
        assert (ended.code, ended.lines[-1]) == (1, "0 of 1 reproduced")

    def test_numbers_that_contradict_each_other_are_shown_to(self, ask: Ask, published: Sandbox) -> None:
        ended = ask(published, MAY)
        assert ended.code == 0
        said = (
            "not attainable: 75 in May after a change of -37 makes April 112, but -37 is -32.2 % of 115 alone; 0 whole"
        )
        assert sum(said in line for line in ended.lines) == 3
        assert ended.lines[-1] == "0 of 0 reproduced"

    def test_numbers_that_do_not_contradict_each_other(self, ask: Ask, published: Sandbox) -> None:
        ended = ask(published, [MAY[0].replace(",75,", ",78,"), *MAY[1:]])
        assert sum("not asked: Its numbers can hold together" in line for line in ended.lines) == 3

    def test_a_number_without_those_it_belongs_with(self, ask: Ask, published: Sandbox) -> None:
        ended = ask(published, MAY[:1])
        assert "not asked: It belongs with SCP19-VAP-002, SCP19-VAP-003, which the file does not have." in ended.out

    @pytest.mark.parametrize(
        ("row", "said"),
        [
            (ABH_THEN.replace(",6,", ",six,"), "SCP19-VAP-013: 'six' names no number"),
            (ABH_THEN.replace("2019-02-13", "13 February"), "figure 1: as_of"),
        ],
    )
    def test_what_cannot_be_read(self, row: str, said: str, ask: Ask, published: Sandbox) -> None:
        ended = ask(published, [row])
        assert ended.code == 2
        assert said in ended.error

    def test_a_file_that_is_not_there(self, safercity: Safercity, published: Sandbox) -> None:
        ended = safercity(published, "figures", "--check", "nowhere.csv")
        assert (ended.code, "nowhere.csv cannot be read" in ended.error) == (2, True)


class TestWithheld:
    """What no release tells is checked in the private warehouse, and not shown."""

    def test_checked_where_there_is_a_warehouse(self, ask: Ask, published: Sandbox) -> None:
        ended = ask(published, [REFERRALS])
        assert ended.code == 0
        [line] = [line for line in ended.lines if line.startswith("SCP19")]
        assert line.split("\t")[1:] == ["0", "", "reproduced: Withheld in the release; checked in the warehouse."]
        other = ask(published, [REFERRALS.replace(",0,", ",3,")], "--json")
        assert (other.code, other.json["figures"][0]["verdict"], other.json["figures"][0]["got"]) == (
            1,
            "differs",
            None,
        )

    def test_withheld_where_there_is_none(self, ask: Ask, published_copy: Sandbox) -> None:
        shutil.rmtree(published_copy.paths.warehouse_dir)
        ended = ask(published_copy, [REFERRALS, ABH_NOW])
        assert ended.code == 1
        assert "withheld: Withheld in the release, and not checked: there is no private warehouse here." in ended.out
        assert ended.lines[-2:] == ["1 reproduced, 1 withheld", "1 of 2 reproduced"]
        assert not published_copy.paths.warehouse_dir.exists()

    def test_withheld_where_it_cannot_be_opened(self, ask: Ask, published_copy: Sandbox) -> None:
        published_copy.paths.warehouse.write_bytes(b"no database")
        ended = ask(published_copy, [REFERRALS])
        assert (ended.code, ended.lines[-1]) == (1, "0 of 1 reproduced")
        assert "not checked: " in ended.out

    def test_a_run_does_not_stand_in_the_way(self, ask: Ask, published_copy: Sandbox) -> None:
        with writer_lock(published_copy.paths, "run"):
            assert ask(published_copy, [ABH_NOW]).code == 0


class TestReports:
    """The figures of the reports, on a release that has few records."""

    def test_every_query_can_be_asked_of_any_release(self, safercity: Safercity, published: Sandbox) -> None:
        """And the rule of each is told with it."""
        told = safercity(published, "figures", "--json").json
        assert [answer["figure_id"] for answer in told["figures"]] == [
            figure.figure_id for figure in read_figures(FIGURES_FILE)
        ]
        assert [answer for answer in told["figures"] if "cannot be asked" in answer["remark"]] == []
        assert told["verdicts"]["not attainable"] == 30
        assert told["verdicts"]["not asked"] == 30
        assert told["verdicts"]["reproduced"] + told["verdicts"]["differs"] == told["targets"] == 403
        rules = {answer["figure_id"]: answer["rule"] for answer in told["figures"]}
        for figure_id, question in load_reference().questions.items():
            assert rules[figure_id] == question.rule

    def test_totals_last_by_section(self, safercity: Safercity, published: Sandbox) -> None:
        ended = safercity(published, "figures")
        sections = list(dict.fromkeys(figure.section for figure in read_figures(FIGURES_FILE)))
        assert [line for line in ended.lines if line in sections] == sections
        assert ended.lines[-1].endswith(" of 403 reproduced")
        assert ended.code == 1

    def test_a_release_without_a_table_is_said_to_be(self, safercity: Safercity, published_copy: Sandbox) -> None:
        path = published_copy.paths.published_database.resolve()
        path.chmod(0o644)
        with duckdb.connect(str(path)) as release:
            release.execute("drop table marts.support_bus")
        told = {a["figure_id"]: a for a in safercity(published_copy, "figures", "--json").json["figures"]}
        assert "The release cannot be asked: Catalog Error" in told["SCP19-SOS-002"]["remark"]
        assert told["SCP19-SOS-002"]["verdict"] == "differs"

    def test_nothing_is_published(self, safercity: Safercity, sandbox: Sandbox) -> None:
        ended = safercity(sandbox, "figures")
        assert ended.code == 2
        assert ended.error.startswith("nothing has been published")

    def test_help_says_what_the_verdicts_mean(self, safercity: Safercity, sandbox: Sandbox) -> None:
        ended = safercity(sandbox, "figures", "--help")
        assert all(word in ended.out for word in ("reproduced", "withheld", "not attainable", "not asked", "Exit code"))
