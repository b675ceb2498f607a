"""The same deliveries in another order, in other batches and more than once give the same release."""

from pathlib import Path
from random import Random

import pytest

from tests.faults.batches import first_batch, second_batch
from tests.faults.sandbox import Sandbox
from tests.faults.street import Files


def all_files() -> Files:
    """Both batches."""
    return first_batch() | second_batch()


@pytest.mark.slow
def test_the_last_batch_first(both_batches: Sandbox, sandbox: Sandbox) -> None:
    sandbox.deliver(second_batch())
    sandbox.run()
    assert sandbox.differences(both_batches)
    sandbox.deliver(first_batch())
    sandbox.run()
    assert sandbox.differences(both_batches) == {}


@pytest.mark.slow
@pytest.mark.parametrize(("at_a_time", "seed"), [(4, 1), *((1, seed) for seed in range(1, 12))])
def test_few_files_after_the_others_and_again(
    at_a_time: int, seed: int, both_batches: Sandbox, sandbox: Sandbox
) -> None:
    """So many files are loaded by a run of their own, in any order; some again from another place; two are built."""
    rng = Random(seed)
    names = list(all_files())
    rng.shuffle(names)
    runs = [names[first : first + at_a_time] for first in range(0, len(names), at_a_time)]
    for number, few in enumerate(runs):
        for name in few:
            content = all_files()[name]
            sandbox.deliver({name: content})
            if rng.random() < 0.4 and not name.startswith("published-"):
                sandbox.deliver({f"once-more-{number}/{name}": content})
        if number in (len(runs) // 2, len(runs) - 1):
            sandbox.run()
        else:
            sandbox.load()
    assert sandbox.differences(both_batches) == {}
    assert sandbox.run().files == []


def test_states_made_anew_are_the_same(both_batches: Sandbox, tmp_path: Path) -> None:
    anew = both_batches.copy(tmp_path)
    anew.run(full_refresh=True)
    assert anew.differences(both_batches) == {}
