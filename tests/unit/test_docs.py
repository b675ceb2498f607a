"""What the documentation shows works: its SQL, its picture, its links, and the commands and settings that it names."""

import re
import runpy
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from xml.etree import ElementTree

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from flows.cli.main import app
from flows.operate import read
from flows.sample import TEST_HMAC_KEY, write_sample
from flows.settings import PROJECT_DIR, Alerts, Fetch, Settings
from tests.faults.sandbox import Sandbox

PAGES = [PROJECT_DIR / "README.md", *sorted((PROJECT_DIR / "docs").glob("*.md"))]
TEXTS = {page: page.read_text(encoding="utf-8") for page in PAGES}


def queries() -> Iterator[object]:
    """Every query of the pages, in a block of SQL or after `safercity sql`, with the day it is asked as of."""
    for page, text in TEXTS.items():
        blocks = re.finditer(r"^```sql\n(?P<query>.*?)^```$", text, re.MULTILINE | re.DOTALL)
        commands = re.finditer(r'safercity sql (--as-of (?P<day>[0-9-]+) )?"(?P<query>[^"…]+)"', text)
        for found in (*blocks, *commands):
            name = f"{page.name}:{text.count(chr(10), 0, found.start('query')) + 1}"
            yield pytest.param(found["query"], found.groupdict().get("day"), id=name)


def links() -> Iterator[object]:
    """Every link of the pages that leads to a file of the project or to a place in the page itself."""
    for page, text in TEXTS.items():
        for target in re.findall(r"\]\(([^)]+)\)", text):
            if not target.startswith(("https:", "http:")):
                yield pytest.param(page, target, id=f"{page.name} → {target}")


def commands() -> Iterator[object]:
    """Every command line of the pages, from the word after `safercity` to the end of the line."""
    for page, text in TEXTS.items():
        for words in sorted(set(re.findall(r"safercity ([a-z][^\n`]*)", text))):
            yield pytest.param(words, id=f"{page.name}: {words}")


@pytest.fixture(scope="session")
def sample_release(once: Callable[[str, Callable[[Path], object]], Path]) -> Sandbox:
    """A small sample, loaded and published, yet with a record of every source."""

    def publish(folder: Path) -> None:
        made = Sandbox(folder, {"hmac_key": TEST_HMAC_KEY})
        write_sample(made.landing, scale=0.1)
        made.run()

    return Sandbox(once("sample-release", publish))


@pytest.mark.parametrize(("query", "day"), list(queries()))
def test_query_finds_something(query: str, day: str | None, sample_release: Sandbox) -> None:
    assert read.query(sample_release.paths, query, date.fromisoformat(day) if day else None).rows


def test_pages_have_queries() -> None:
    assert len(list(queries())) >= 40


def part_of_analysts_page(heading: str) -> str:
    """The text below a heading of the second level in the page for analysts, up to the next one."""
    page = TEXTS[PROJECT_DIR / "docs/analysts.md"]
    found = re.search(rf"^## {heading}\n(?P<text>.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
    assert found
    return found["text"]


@pytest.mark.parametrize("heading", ["Twenty questions", "More questions"])
def test_every_question_has_a_query(heading: str) -> None:
    asked = re.split(r"^#### ", part_of_analysts_page(heading), flags=re.MULTILINE)[1:]
    assert len(asked) >= 12
    assert [question.splitlines()[0] for question in asked if "```sql\n" not in question] == []


def test_every_table_answers_something(sample_release: Sandbox) -> None:
    """The page names all tables of a release, `<theme>_untimed` for those of all themes, and no others."""
    names = set(re.findall(r"`([a-z_<>]+)`", part_of_analysts_page("Which table answers what")))
    themes = ("violence", "acquisitive_crime", "public_order", "asb")
    named = {name.replace("<theme>", theme) for name in names for theme in themes}
    tables = {
        table
        for (table,) in read.query(
            sample_release.paths, "select table_name from duckdb_tables() where schema_name = 'marts'"
        ).rows
    }
    assert named == tables


def test_picture_can_be_drawn(sample_release: Sandbox) -> None:
    draw = runpy.run_path(str(PROJECT_DIR / "docs/images/control_chart.py"))["draw"]
    assert ElementTree.fromstring(draw(sample_release.paths)).findall("{*}circle")


@pytest.mark.parametrize(("page", "target"), list(links()))
def test_link_leads_somewhere(page: Path, target: str) -> None:
    path, _, place = target.partition("#")
    linked = page.parent / path if path else page
    assert linked.exists()
    if place:
        headings = re.findall(r"^#+ (.+)$", linked.read_text(encoding="utf-8"), re.MULTILINE)
        assert place in {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("words", list(commands()))
def test_command_exists(words: str) -> None:
    command = get_command(app)
    plain = re.sub(r'"[^"]*"?', "", words).split("#")[0].split()
    while isinstance(command, TyperGroup) and plain and not (command.invoke_without_command and plain[0][0] == "-"):
        assert plain[0] in command.commands
        command = command.commands[plain.pop(0)]
    options = {option for parameter in command.params for option in parameter.opts}
    assert {word.rstrip("]).,;:") for word in plain if word.startswith("--")} <= options


def test_every_setting_is_described() -> None:
    described = (PROJECT_DIR / "docs/operating.md").read_text(encoding="utf-8")
    names = [name for name in Settings.model_fields if name not in ("alerts", "fetch")]
    variables = [f"SAFERCITY_{name.upper()}" for name in names]
    variables += [f"SAFERCITY_ALERTS__{name.upper()}" for name in Alerts.model_fields]
    variables += [f"SAFERCITY_FETCH__{name.upper()}" for name in Fetch.model_fields]
    assert [variable for variable in variables if f"| `{variable}`" not in described] == []
