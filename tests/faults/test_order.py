"""The same deliveries in another order, in other batches and more than once give the same release."""

from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from tests.faults.sandbox import Sandbox
from tests.faults.street import Files, first_batch, second_batch

pytestmark = pytest.mark.xdist_group("order")


def all_files() -> Files:
    """Both batches."""
    return first_batch() | second_batch()


@pytest.fixture(scope="module")
def at_once(once: Callable[[str, Callable[[Path], object]], Path]) -> Sandbox:
    """All files in one run."""

    def make(folder: Path) -> None:
        sandbox = Sandbox(folder)
        sandbox.deliver(all_files())
        sandbox.run()

    return Sandbox(once("at_once", make))


def test_the_last_batch_first(at_once: Sandbox, sandbox: Sandbox) -> None:
    sandbox.deliver(second_batch())
    sandbox.run()
    assert sandbox.differences(at_once)
    sandbox.deliver(first_batch())
    sandbox.run()
    assert sandbox.differences(at_once) == {}


@pytest.mark.parametrize("seed", [1, 2])
def test_one_file_after_the_other_and_again(seed: int, at_once: Sandbox, sandbox: Sandbox) -> None:
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
    assert sandbox.differences(at_once) == {}
    assert sandbox.run().files == []


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3, 13))
def test_many_orders(seed: int, at_once: Sandbox, sandbox: Sandbox) -> None:
    test_one_file_after_the_other_and_again(seed, at_once, sandbox)


def test_states_made_anew_are_the_same(at_once: Sandbox, tmp_path: Path) -> None:
    anew = at_once.copy(tmp_path)
    anew.run(full_refresh=True)
    assert anew.differences(at_once) == {}
