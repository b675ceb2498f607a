"""The published figures as data: each has one question or a reason, and neither pipeline nor sample knows of them."""

import re
from pathlib import Path

import pytest

from flows.errors import UsageError
from flows.operate.printed import Kind, items
from flows.operate.questions import FIGURES_FILE, REFERENCE_DIR, load_reference, read_figures
from flows.settings import PROJECT_DIR

FIGURES = {figure.figure_id: figure for figure in read_figures(FIGURES_FILE)}
REFERENCE = load_reference()
OF_FIGURES = {
    f"flows/{name}.py"
    for name in ("operate/figures", "operate/questions", "operate/printed", "cli/figures", "cli/main")
}
TEXTS = {
    path.relative_to(PROJECT_DIR).as_posix(): path.read_text(encoding="utf-8")
    for folder in ("flows", "dbt_project", "expectations")
    for path in sorted((PROJECT_DIR / folder).rglob("*"))
    if path.suffix in (".py", ".sql", ".yml", ".csv", ".toml")
}


class TestReference:
    """Every figure has its place."""

    def test_how_many(self) -> None:
        assert len(FIGURES) == 463
        assert sum(figure.is_target for figure in FIGURES.values()) == 403

    def test_what_is_to_be_reproduced_is_asked_and_nothing_else(self) -> None:
        assert set(REFERENCE.questions) == {figure.figure_id for figure in FIGURES.values() if figure.is_target}

    def test_the_others_contradict_each_other_or_have_a_reason(self) -> None:
        others = {figure.figure_id for figure in FIGURES.values() if not figure.is_target}
        assert len(REFERENCE.contradictions) == 30
        assert set(REFERENCE.contradictions) | set(REFERENCE.reasons) == others

    @pytest.mark.parametrize("figure_id", REFERENCE.questions)
    def test_the_printed_value_can_be_read(self, figure_id: str) -> None:
        assert items(REFERENCE.questions[figure_id].answer, FIGURES[figure_id].value)

    def test_no_rule_needs_the_days_hours_or_places_that_it_answers_with(self) -> None:
        """It may say of what, over which months, and whether the most or the fewest: not which."""
        for question in REFERENCE.questions.values():
            if question.answer is not Kind.number:
                given = {name for parameters in question.figures.values() for name in parameters}
                assert given <= {"theme", "measure", "place_type", "most", "review_from", "review_to"}

    def test_a_release_is_asked_of_its_marts_alone(self) -> None:
        for question in REFERENCE.questions.values():
            schemas = set(re.findall(r"\b(?:from|join) ([a-z]+)\.", question.sql))
            assert schemas == ({"staging", "intermediate"} if question.private else {"marts"}), question.sql

    def test_only_what_no_release_tells_is_asked_of_the_warehouse(self) -> None:
        private = {figure_id for figure_id, question in REFERENCE.questions.items() if question.private}
        assert private == {"SCP19-PRV-008", "SCP19-PRV-009", "SCP19-PRV-011"}

    def test_what_names_an_as_of_date_knows_nothing_later(self) -> None:
        """A query that reads states of records reads those of the as-of date."""
        for question in REFERENCE.questions.values():
            if "_versions" in question.sql:
                assert "known_from <= $as_of and (known_to is null or known_to > $as_of)" in question.sql

    def test_every_line_can_be_read(self) -> None:
        for path in REFERENCE_DIR.rglob("*.yml"):
            assert max(map(len, path.read_text(encoding="utf-8").splitlines())) <= 120, path


class TestIndependence:
    """Neither the pipeline nor dbt holds a table of figures, and sample and figures share nothing."""

    @pytest.mark.parametrize("path", sorted(set(TEXTS) - OF_FIGURES))
    def test_nothing_of_the_pipeline_knows_a_figure(self, path: str) -> None:
        of_sample = path.startswith("flows/sample/")
        assert "tests/reference" not in TEXTS[path]
        assert not re.search(r"flows\.operate(\.| import )(figures|questions|printed)", TEXTS[path])
        assert of_sample or not re.search(r"(SCP19|PC17)-[A-Z]+-\d", TEXTS[path])
        assert of_sample or not re.search(r"flows[./]sample", TEXTS[path])

    def test_the_sample_reads_no_other_part_of_the_project_for_its_figures(self) -> None:
        assert [path for path in TEXTS if path.startswith("flows/sample/") and "REFERENCE_DIR" in TEXTS[path]] == []

    def test_the_questions_know_nothing_of_the_sample(self) -> None:
        asking = {path: TEXTS[path] for path in OF_FIGURES - {"flows/cli/main.py"}}
        data = [path for path in REFERENCE_DIR.rglob("*") if path.suffix in (".csv", ".yml")]
        asking |= {path.name: path.read_text(encoding="utf-8") for path in data}
        assert len(asking) > 15
        assert [name for name, text in asking.items() if re.search(r"flows[./]sample", text)] == []


class TestFiles:
    """What a wrong file is told."""

    HEADER = "figure_id,target,section,measure,period_start,period_end,as_of,value,unit\n"
    ROW = "A-1,yes,s,m,2019-06-01,2019-06-30,2019-07-07,132,offences\n"

    def read(self, tmp_path: Path, text: str) -> str:
        path = tmp_path / "figures.csv"
        path.write_text(text, encoding="utf-8")
        with pytest.raises(UsageError) as wrong:
            read_figures(path)
        return str(wrong.value)

    def test_columns_beyond_are_left_aside(self, tmp_path: Path) -> None:
        path = tmp_path / "figures.csv"
        path.write_text("\ufeffmore," + self.HEADER + "x," + self.ROW, encoding="utf-8")
        [figure] = read_figures(path)
        assert (figure.figure_id, figure.value, figure.period) == ("A-1", "132", "2019-06")

    def test_what_is_wrong_is_named(self, tmp_path: Path) -> None:
        assert "no column figure_id, target" in self.read(tmp_path, "a,b\n1,2\n")
        assert "it has no rows" in self.read(tmp_path, self.HEADER)
        assert "figure 1: period_end" in self.read(tmp_path, self.HEADER + self.ROW.replace("2019-06-30", "30 June"))
        assert "figure 2: target" in self.read(
            tmp_path, self.HEADER + self.ROW + self.ROW.replace("A-1,yes", "A-2,perhaps")
        )
        assert "has figures twice: A-1" in self.read(tmp_path, self.HEADER + self.ROW * 2)

    def test_two_questions_about_a_figure(self, tmp_path: Path) -> None:
        (tmp_path / "queries").mkdir()
        for name in ("one", "two"):
            (tmp_path / "queries" / f"{name}.yml").write_text("count: {rule: r, sql: select 1, figures: {A-1: {}}}\n")
        (tmp_path / "unattainable.yml").write_text("{}\n")
        (tmp_path / "not_asked.yml").write_text("[{reason: r, figures: [A-2]}]\n")
        with pytest.raises(UsageError, match="more than one entry about A-1"):
            load_reference(tmp_path)
        (tmp_path / "queries" / "two.yml").write_text("count: {rule: r, sql: select 1, figure: {A-3: {}}}\n")
        with pytest.raises(UsageError, match=r"two\.yml, count: figures: Field required; figure: Extra inputs"):
            load_reference(tmp_path)

    def test_a_part_of_a_name_is_a_name(self) -> None:
        question = next(question for question in REFERENCE.questions.values() if "{theme}" in question.sql)
        assert "marts.violence_performance_as_of(" in question.sql_for({"theme": "violence"})
        with pytest.raises(UsageError, match="no part of a name"):
            question.sql_for({"theme": "violence; drop"})
