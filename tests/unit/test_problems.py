"""What becomes of problems, and what people are told of them, when."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows import ledger, problems
from flows.problems import Decision, Observation, Policy, Problem, Silence, decide

NOW = datetime(2019, 8, 7, 12)
DAY = timedelta(days=1)
KINDS = {"quarantined_rows", "rejected_file"}


def observation(**given: Any) -> Observation:
    made: dict[str, Any] = {
        "kind": "quarantined_rows",
        "subject": "CRIME_NO_FORMAT",
        "severity": "critical",
        "owner": "Registrar",
        "message": "the number is none",
        "done": "They are kept out.",
        "look": "safercity status",
        "source": "crimes",
        "force": "Kent Police",
        "files": 1,
        "rows": 10,
    }
    return Observation(**made | given)


class Told:
    """A warehouse that is looked at from time to time, and what people hear of it."""

    def __init__(self, policy: Policy | None = None) -> None:
        self.policy = policy or Policy()
        self.known: list[Problem] = []
        self.silences: list[Silence] = []

    def look(self, *observed: Observation, at: datetime = NOW, kinds: set[str] = KINDS, quiet: bool = False) -> Any:
        decision = decide(
            self.known,
            observed,
            looked_at=kinds,
            now=at,
            policy=replace(self.policy, quiet=quiet),
            silences=self.silences,
        )
        self.known = [p for p in decision.problems if p.ended_at is None or not p.end_told]
        return [telling.told for telling in decision.tellings]


def test_a_problem_is_told_when_it_opens_and_when_it_ends_and_not_between() -> None:
    told = Told()
    assert told.look(observation()) == ["opened"]
    assert told.look(observation(), at=NOW + DAY) == []
    assert told.look(at=NOW + 2 * DAY) == ["recovered"]
    assert told.look(at=NOW + 3 * DAY) == []
    assert told.look(observation(), at=NOW + 4 * DAY) == ["opened"]


@pytest.mark.parametrize(
    ("then", "tells"),
    [
        ({}, []),
        ({"rows": 20}, []),
        ({"rows": 21}, ["changed"]),
        ({"rows": 1}, []),
        ({"rows": None}, []),
        ({"message": "in other words"}, []),
        ({"owner": "Somebody else"}, []),
    ],
    ids=["the same", "twice as many", "more than twice", "fewer", "uncounted", "other words", "another owner"],
)
def test_a_problem_is_told_again_when_it_is_materially_worse(then: dict[str, Any], tells: list[str]) -> None:
    told = Told()
    told.look(observation())
    assert told.look(observation(**then), at=NOW + DAY) == tells
    assert told.look(observation(**then), at=NOW + 2 * DAY) == []


def test_it_is_worse_than_what_was_told_not_than_what_was_seen_last() -> None:
    told = Told()
    told.look(observation(rows=10))
    assert told.look(observation(rows=15), at=NOW + DAY) == []
    assert told.look(observation(rows=25), at=NOW + 2 * DAY) == ["changed"]


def test_more_serious_is_worse_and_less_serious_is_not() -> None:
    told = Told()
    told.look(observation(severity="warning"))
    assert told.look(observation(severity="critical"), at=NOW + DAY) == ["changed"]
    assert told.look(observation(severity="info"), at=NOW + 2 * DAY) == []


def test_what_goes_on_is_told_again_after_the_set_time() -> None:
    told = Told(Policy(repeat_after=7 * DAY))
    told.look(observation(severity="warning"))
    looks = [told.look(observation(severity="warning"), at=NOW + day * DAY) for day in range(1, 15)]
    assert looks == [[]] * 6 + [["still open"]] + [[]] * 6 + [["still open"]]


def test_what_is_for_information_only_is_never_repeated() -> None:
    told = Told(Policy(repeat_after=DAY))
    told.look(observation(severity="info"))
    assert told.look(observation(severity="info"), at=NOW + 90 * DAY) == []


def test_a_serious_problem_that_is_too_old_is_told_to_others_once() -> None:
    told = Told(Policy(repeat_after=90 * DAY, escalate_after=lambda source: (2 if source == "crimes" else 9) * DAY))
    both = [observation(), observation(source="asb_incidents"), observation(subject="MILD", severity="warning")]
    assert told.look(*both) == ["opened"] * 3
    looks = [told.look(*both, at=NOW + day * DAY) for day in range(1, 12)]
    assert [len(look) for look in looks] == [0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0]
    assert looks[1] == looks[8] == ["escalated"]


def test_it_is_as_old_as_it_is_known_to_be() -> None:
    told = Told(Policy(escalate_after=lambda _source: 5 * DAY))
    late = observation(since=NOW - 4 * DAY)
    assert told.look(late) == ["opened"]
    assert told.look(late, at=NOW + DAY) == ["escalated"]


def test_what_is_told_once_is_told_each_time_it_comes_and_never_ends() -> None:
    told = Told()
    older = observation(lasting=False)
    assert told.look(older) == ["opened"]
    assert told.look(at=NOW + DAY) == []
    assert told.look(older, at=NOW + 2 * DAY) == ["opened"]


def test_an_older_delivery_is_another_thing_than_the_newest() -> None:
    told = Told()
    assert told.look(observation(), observation(lasting=False)) == ["opened", "opened"]
    assert told.look(observation(), at=NOW + DAY) == []


def test_what_was_not_looked_at_does_not_end() -> None:
    told = Told()
    told.look(observation())
    assert told.look(at=NOW + DAY, kinds={"rejected_file"}) == []
    assert told.look(at=NOW + 2 * DAY) == ["recovered"]


def test_one_that_is_old_when_it_is_first_heard_of_is_escalated_by_the_look_after_that() -> None:
    told = Told(Policy(escalate_after=lambda _source: 5 * DAY))
    assert told.look(observation(severity="warning"), quiet=True) == []
    assert told.look(observation(), at=NOW + 6 * DAY) == ["opened"]
    assert told.look(observation(), at=NOW + 6 * DAY) == []
    assert told.look(observation(), at=NOW + 7 * DAY) == ["escalated"]


class TestQuietHours:
    """All but critical things wait for the morning."""

    MILD = observation(severity="warning")

    def test_what_is_not_critical_is_told_when_they_end(self) -> None:
        told = Told()
        assert told.look(self.MILD, observation(subject="GRAVE"), quiet=True) == ["opened"]
        assert told.look(self.MILD, observation(subject="GRAVE"), at=NOW + DAY) == ["opened"]
        assert told.look(self.MILD, observation(subject="GRAVE"), at=NOW + 2 * DAY) == []

    def test_what_has_come_and_gone_in_them_is_not_told(self) -> None:
        told = Told()
        assert told.look(self.MILD, quiet=True) == []
        assert told.look(quiet=True) == []
        assert told.look() == []

    def test_what_is_told_once_is_not_lost(self) -> None:
        told = Told()
        assert told.look(observation(severity="info", lasting=False), quiet=True) == []
        assert told.look() == ["opened"]
        assert told.look() == []

    def test_a_recovery_waits_and_is_none_when_it_did_not_last(self) -> None:
        told = Told()
        told.look(observation())
        assert told.look(at=NOW + DAY, quiet=True) == []
        assert told.look(observation(), at=NOW + 2 * DAY) == []
        assert told.look(at=NOW + 3 * DAY, quiet=True) == []
        assert told.look(at=NOW + 4 * DAY) == ["recovered"]


class TestSilences:
    """What somebody decided not to hear of, for a time."""

    def silenced(self, what: str) -> Told:
        told = Told(Policy(repeat_after=DAY))
        told.silences = [Silence("s", what, "known since May", NOW, date(2019, 8, 9))]
        return told

    @pytest.mark.parametrize("what", ["crimes", "crime_no_format", observation().problem_id])
    def test_nothing_is_told_through_its_last_day_and_what_is_still_wrong_after_it(self, what: str) -> None:
        told = self.silenced(what)
        assert [told.look(observation(), at=NOW + day * DAY) for day in range(4)] == [[], [], [], ["opened"]]

    @pytest.mark.parametrize("what", ["asb_incidents", "CRIME_NO", "Kent Police", ""])
    def test_others_are_told(self, what: str) -> None:
        assert self.silenced(what).look(observation()) == ["opened"]

    def test_it_ends_at_midnight_in_london(self) -> None:
        told = self.silenced("crimes")
        assert told.look(observation(), at=datetime(2019, 8, 9, 22, 59)) == []
        assert told.look(observation(), at=datetime(2019, 8, 9, 23, 0)) == ["opened"]

    def test_what_ends_under_it_ends_in_silence(self) -> None:
        told = self.silenced("crimes")
        told.look(observation(), observation(lasting=False))
        assert told.look(at=NOW + DAY) == []
        assert told.look(at=NOW + 5 * DAY) == []


OBSERVED = st.lists(
    st.builds(
        observation,
        kind=st.sampled_from(sorted(KINDS)),
        subject=st.sampled_from(["A", "B"]),
        severity=st.sampled_from(["critical", "warning", "info"]),
        rows=st.one_of(st.none(), st.integers(1, 60)),
        lasting=st.booleans(),
    ),
    max_size=4,
    unique_by=lambda made: made.problem_id,
)
LOOKS = st.lists(st.tuples(OBSERVED, st.integers(0, 9 * 24), st.booleans()), max_size=12)


@settings(max_examples=300, deadline=None)
@given(LOOKS)
def test_whatever_happens_people_hear_of_each_problem_once_and_of_its_end_once(
    looks: Sequence[tuple[Sequence[Observation], int, bool]],
) -> None:
    known: list[Problem] = []
    at = NOW
    heard: Counter[tuple[str, str, datetime]] = Counter()
    policy = Policy()
    for observed, hours, quiet in looks:
        at += timedelta(hours=hours, seconds=1)
        policy = replace(policy, quiet=quiet)
        decision = look_twice(known, observed, at, policy)
        assert all(not quiet or t.problem.observation.severity == "critical" for t in decision.tellings)
        for telling in decision.tellings:
            heard[telling.told, telling.problem.observation.problem_id, telling.problem.opened_at] += 1
        known = [problem for problem in decision.problems if problem.ended_at is None or not problem.end_told]
        lasting = {made.problem_id for made in observed if made.lasting}
        assert {p.observation.problem_id for p in known if p.is_open} == lasting
        if not quiet:
            assert all(problem.told_at for problem in known)
    for (told, problem_id, opened_at), times in heard.items():
        if told in ("opened", "recovered", "escalated"):
            assert times == 1
        assert heard["opened", problem_id, opened_at] == 1


def look_twice(known: list[Problem], observed: Sequence[Observation], at: datetime, policy: Policy) -> Decision:
    """The decision; made again on what it left, it tells nothing and changes nothing."""
    decision = decide(known, observed, looked_at=KINDS, now=at, policy=policy)
    left = [problem for problem in decision.problems if problem.ended_at is None or not problem.end_told]
    again = decide(left, [o for o in observed if o.lasting], looked_at=KINDS, now=at, policy=policy)
    assert (again.tellings, again.problems) == ([], left)
    return decision


@settings(max_examples=20, deadline=None)
@given(LOOKS)
def test_the_ledger_keeps_them_as_they_are(looks: Sequence[tuple[Sequence[Observation], int, bool]]) -> None:
    with duckdb.connect() as connection:
        ledger.create(connection)
        at, everything = NOW, {}
        for observed, hours, quiet in looks:
            at += timedelta(hours=hours, seconds=1)
            known = problems.known(connection)
            made = decide(known, observed, looked_at=KINDS, now=at, policy=Policy(quiet=quiet)).problems
            problems.keep(connection, made)
            everything |= {(p.observation.problem_id, p.opened_at): p for p in made}
            assert set(problems.known(connection)) == {p for p in made if p.ended_at is None or not p.end_told}
        assert set(problems.known(connection, ended=True)) == set(everything.values())
