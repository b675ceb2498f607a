"""The random worlds of the sources other than crimes: what they promise to hold, and that the models add up on them."""

from collections import Counter, defaultdict
from typing import Any

import pytest

from tests.model import asb
from tests.model.activities import MODELS
from tests.model.changes import Model
from tests.model.keyed import Keyed
from tests.model.keyed_worlds import KINDS, worlds
from tests.model.record_worlds import LAST_EXTRACT, deliveries
from tests.unit.test_model_crime_worlds import rows_of

SEEDS = range(30)
MODELS_BY_SOURCE: dict[str, type[Model[Any]]] = {model.source: model for model in (asb.Model, *MODELS)}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.record.source)
def test_worlds_hold_what_they_promise(kind: Any) -> None:
    record: type[Keyed] = kind.record
    states: Counter[str] = Counter()
    seen: defaultdict[str, set[object]] = defaultdict(set)
    chains: defaultdict[tuple[int, str, str], list[Any]] = defaultdict(list)
    for seed in SEEDS:
        delivered = deliveries(worlds(seed, [record.source]))
        model = MODELS_BY_SOURCE[record.source](delivered)
        states.update(each["state"] for each in (*model.deliveries(), *model.coverage()))
        states["bad rows"] += sum(delivery.quarantined for delivery in delivered)
        states["no rows"] += sum(not delivery.rows and not delivery.is_rejected for delivery in delivered)
        for delivery in delivered:
            assert delivery.extract_date <= LAST_EXTRACT
            for row in delivery.rows:
                states["ahead"] += row.month > delivery.extract_date
                chains[seed, delivery.force, row.key].append(row)
                for column, value in row.values().items():
                    seen[column].add(value)
    states["moved"] = sum(len({row.month for row in chain}) > 1 for chain in chains.values())
    states["changed"] = sum(len(set(chain)) > 1 for chain in chains.values())
    states["unchanged"] = sum(len(set(chain)) < len(chain) for chain in chains.values())
    if not kind.ahead:
        assert not states.pop("ahead")
    expected = ("loaded", "rejected", "superseded", "complete", "partial", "missing")
    assert min(states[name] for name in (*expected, "moved", "changed", "unchanged", "bad rows", "no rows")) >= 3, (
        states
    )
    assert not kind.ahead or states["ahead"] >= 3
    # Every value of a column occurs, a blank too; those told as times before another only as some time.
    for column, values in kind.values.items():
        assert {value for value in values if value is None or isinstance(value, (str, bool, int))} <= seen[column]


def test_files_hold_the_rows_of_their_deliveries() -> None:
    for seed in range(3):
        drops = worlds(seed)
        assert drops == worlds(seed)
        assert len({drop.path for drop in drops}) == len(drops)
        for drop in drops:
            if drop.delivery and not drop.delivery.is_rejected:
                rows = rows_of(drop)
                assert len(rows) == len(drop.delivery.rows) + drop.delivery.quarantined
                keys = Counter(next(iter(row.values())).strip() for row in rows)
                assert len(keys) <= len(rows)
