"""The same deliveries in another order, in other batches and more than once give the same release."""

from pathlib import Path
from random import Random

import pytest

from tests.faults.batches import first_batch, second_batch
from tests.faults.sandbox import Sandbox
from tests.faults.street import Files

pytestmark = pytest.mark.xdist_group("order")


def all_files() -> Files:
    """Both batches."""
    return first_batch() | second_batch()


def test_the_last_batch_first(both_batches: Sandbox, sandbox: Sandbox) -> None:
    sandbox.deliver(second_batch())
    sandbox.run()
    assert sandbox.differences(both_batches)
    sandbox.deliver(first_batch())
    sandbox.run()
    assert sandbox.differences(both_batches) == {}


@pytest.mark.parametrize("seed", [1])
def test_one_file_after_the_other_and_again(seed: int, both_batches: Sandbox, sandbox: Sandbox) -> None:
    """Each file is loaded by a run of its own, in any order; some again from another place; every few are built."""
    rng = Random(seed)
    names = list(all_files())
    rng.shuffle(names)
    for number, name in enumerate(names):
        content = all_files()[name]
        sandbox.deliver({name: content})
        if rng.random() < 0.4 and not name.startswith("published-"):
            sandbox.deliver({f"once-more-{number}/{name}": content})
        if number in (len(names) // 2, len(names) - 1):
            sandbox.run()
        else:
            sandbox.load()
    assert sandbox.differences(both_batches) == {}
    assert sandbox.run().files == []


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 12))
def test_many_orders(seed: int, both_batches: Sandbox, sandbox: Sandbox) -> None:
    test_one_file_after_the_other_and_again(seed, both_batches, sandbox)


def test_states_made_anew_are_the_same(both_batches: Sandbox, tmp_path: Path) -> None:
    anew = both_batches.copy(tmp_path)
    anew.run(full_refresh=True)
    assert anew.differences(both_batches) == {}
