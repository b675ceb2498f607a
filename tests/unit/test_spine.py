"""A source is a contract, a staging model and marts, and what the report says of it: no other part knows it."""

import re
from pathlib import Path

import pytest

from flows.contracts import load_contracts
from flows.settings import PROJECT_DIR

GENERATED = {
    "dbt_project/macros/record_sources.sql",
    "dbt_project/macros/quality_rules.sql",
    "dbt_project/models/staging/records/_records__sources.yml",
}
CROSS_SOURCE = {
    "expectations/cross_source/rules.yml",
    "dbt_project/models/intermediate/int_cross_source__results.sql",
}
"""Rules that hold sources against each other: they name the sources that they are about."""
REPORTED = {
    "flows/report/sections.py",
    "flows/report/activity.py",
    "flows/operate/explain.py",
    "dbt_project/models/exposures.yml",
}
"""What is said of each in the partnership report and of what is behind a figure, and the marts that the report reads:
some are called as the sources are."""
OF_A_SOURCE = ("dbt_project/models/marts/", "flows/sample/")
WITH_MODELS_OF_THEIR_OWN = {"crimes", "asb_incidents", "prevent_referrals"}
"""Sources with more between states and marts: measures that can be asked as of any day, and disclosure control."""

SOURCES = [
    source
    for source, contract in load_contracts().items()
    if contract.delivery.kind == "changes" and source not in WITH_MODELS_OF_THEIR_OWN
]
TEXTS = {
    path.relative_to(PROJECT_DIR).as_posix(): path.read_text(encoding="utf-8")
    for folder in ("flows", "expectations", "dbt_project/macros", "dbt_project/models", "dbt_project/tests")
    for path in sorted((PROJECT_DIR / folder).rglob("*"))
    if path.suffix in (".py", ".sql", ".yml")
}


def mentions(source: str) -> set[str]:
    """The files that name a source."""
    return {path for path, text in TEXTS.items() if re.search(rf"\b{source}\b", text)}


@pytest.mark.parametrize("source", SOURCES)
def test_a_source_is_a_contract_a_staging_model_and_marts(source: str) -> None:
    own = {
        f"expectations/{source}.yml",
        f"dbt_project/models/staging/records/stg_records__{source}.sql",
    }
    named = mentions(source)
    assert named >= own | GENERATED
    assert {
        path for path in named - own - GENERATED - CROSS_SOURCE - REPORTED if not path.startswith(OF_A_SOURCE)
    } == set()


def test_the_source_of_the_guide_is_in_the_files_that_it_names() -> None:
    guide = (PROJECT_DIR / "docs/adding-a-source.md").read_text(encoding="utf-8")
    made = {path for path in mentions("support_bus_attendances") if not path.startswith("flows/sample/")}
    for path in made - GENERATED:
        assert Path(path).name in guide, path
