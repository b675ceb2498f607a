"""Every mart is counted a second time, by the plain models that random worlds are compared with."""

from flows.settings import PROJECT_DIR
from tests.marts.differences import KEYS, KEYS_AS_OF, KEYS_BY_THEME, WITHOUT
from tests.model.police_uk import THEMES

NOT_COUNTED = {
    "data_quality": "what Great Expectations found, tested with the stages",
    "drift": "what headers and values show of a delivery, tested with the stages",
    "releases": "what was published, tested with the stage",
    "dim_date": "a calendar",
    "dim_measure": "a seed",
    "dim_measure_member": "a seed",
    "dim_offence": "a seed",
    "dim_source": "what the contracts say",
    "dim_ward": "a seed",
    "hour_movements": "seen in the temporal and untimed tables as of any date",
    "measure_movements": "seen in the performance tables as of any date, and in restatements",
    "source_starts": "seen in the months of every table",
}
"""Tables of schema marts without a model of their own, and why."""


def test_every_mart_is_compared_with_a_model() -> None:
    models = {path.stem for path in (PROJECT_DIR / "dbt_project/models/marts").rglob("*.sql")}
    by_theme = {f"{theme}_{kind}" for kind in KEYS_BY_THEME for theme in THEMES.keys() - WITHOUT[kind]}
    tables = {model for model in models if not model.endswith("_as_of")}
    assert tables - NOT_COUNTED.keys() == {*KEYS, *KEYS_AS_OF, *by_theme}
    assert {model.removesuffix("_as_of") for model in models - tables} == {*KEYS_AS_OF, *by_theme}
