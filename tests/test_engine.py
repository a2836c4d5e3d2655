"""Parts of the engine: retries, absence, guards, and the conditions that end a crawl."""

from __future__ import annotations

from collections.abc import Iterable, Set
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonofilm.crawl import guards
from phonofilm.crawl.absence import AbsenceDetector
from phonofilm.crawl.batch_split import BatchSplitter
from phonofilm.crawl.coverage.coverage import Coverage
from phonofilm.crawl.ending import Ending, StopConditions
from phonofilm.crawl.frontier.values import Task
from phonofilm.crawl.retry_queue import RETRIES, RetryQueue
from phonofilm.crawl.scope.goal import Goal
from phonofilm.crawl.scope.scopes import Everything, Named
from phonofilm.errors import (
    BotWallError,
    CredentialsError,
    ShapeError,
    StoreError,
    UnavailableError,
)
from phonofilm.sources import get, source_names
from phonofilm.sources.contract import Finding, Link, Request

SPOTIFY = get("spotify").manifest


def task(endpoint: str, *ids: str) -> Task:
    return Task(Request(endpoint, ids), (1,))


def test_a_failed_task_waits_twice_as_long_before_each_attempt() -> None:
    retries, failed = RetryQueue(), task("artist", "1")
    now, attempts, pauses = 100.0, 0, []
    while retries.add_failed(failed, attempts, now):
        assert retries.pop(now) is None
        pause = 0.0
        while (retry := retries.pop(now + pause)) is None:
            pause += 0.01
        pauses.append(pause)
        now, attempts = now + pause, retry.attempts
    for longest, pause in zip([0.25, 0.5, 1.0, 2.0], pauses, strict=True):
        assert longest / 2 <= pause <= longest + 0.02
    assert attempts == RETRIES.attempts_max - 1
    assert len(retries) == 0


def test_a_rejected_task_is_attempted_again_without_spending_an_attempt() -> None:
    retries = RetryQueue()
    retries.add(task("artist", "1"), 3)
    retries.add(task("artist", "2"), 0)
    first = retries.pop(0.0)
    assert first is not None
    assert (first.task.request.ids, first.attempts) == (("1",), 3)
    assert len(retries) == 1


class Known:
    """Frontier of an absence detector: the full nodes and the endpoints that answered."""

    def __init__(self, *full: int, answered: Set[str] = frozenset()) -> None:
        self.full, self._answered = set(full), answered
        self.history = self

    def is_full(self, node: int) -> bool:
        return node in self.full

    def answered_endpoints(self) -> set[str]:
        return set(self._answered)


GONE, LASTING = "related", "artist_albums"  # Spotify lost one of them at some access levels


def refusals(
    detector: AbsenceDetector, endpoint: str, verdict: str, nodes: Iterable[int]
) -> list[bool]:
    """Return after which refusals an endpoint is absent."""
    tasks = (Task(Request(endpoint, (f"id {node}",)), (node,)) for node in nodes)
    return [detector.is_absent(refused, verdict) for refused in tasks]


@pytest.mark.parametrize("verdict", ["forbidden", "missing"])
def test_a_few_existing_nodes_show_that_an_endpoint_is_gone_which_may_be(verdict: str) -> None:
    detector = AbsenceDetector(SPOTIFY, Everything(), Known(1, 2, 3))
    assert refusals(detector, GONE, verdict, [1, 2, 2, 1, 3]) == [False] * 4 + [True]


@pytest.mark.parametrize("verdict", ["forbidden", "missing"])
def test_other_endpoints_must_refuse_many_existing_nodes(verdict: str) -> None:
    detector = AbsenceDetector(SPOTIFY, Everything(), Known(*range(30)))
    assert refusals(detector, LASTING, verdict, range(20)) == [False] * 19 + [True]


LISTS = [
    (source, name)
    for source in source_names()
    for name, endpoint in get(source).manifest.endpoints.items()
    if endpoint.subject not in ("", "root")
]


@pytest.mark.parametrize(("source", "endpoint"), LISTS)
def test_a_few_missing_nodes_that_were_only_mentioned_are_no_evidence(
    source: str, endpoint: str
) -> None:
    manifest = get(source).manifest
    detector = AbsenceDetector(manifest, Everything(), Known())
    assert not any(refusals(detector, endpoint, "missing", range(19)))
    if endpoint not in manifest.may_be_gone:
        assert not any(refusals(detector, endpoint, "missing", range(100)))


def test_a_node_that_turns_out_to_exist_after_its_refusal_is_evidence() -> None:
    known = Known()
    detector = AbsenceDetector(SPOTIFY, Everything(), known)
    assert not any(refusals(detector, GONE, "missing", range(4)))
    known.full = {0, 1, 2}
    assert refusals(detector, GONE, "missing", [4]) == [True]


def test_a_look_up_that_finds_nothing_is_no_evidence_even_of_full_nodes() -> None:
    detector = AbsenceDetector(SPOTIFY, Everything(), Known(*range(100)))
    assert not any(refusals(detector, "tracks", "missing", range(100)))


def test_ids_that_a_person_gave_may_simply_be_wrong() -> None:
    scope = Named([Link("artist", f"id {node}") for node in range(9)], with_credits=False)
    unknown = AbsenceDetector(SPOTIFY, scope, Known())
    assert not any(refusals(unknown, GONE, "forbidden", range(9)))
    known = AbsenceDetector(SPOTIFY, scope, Known(*range(9)))
    assert any(refusals(known, GONE, "forbidden", range(9)))


def test_an_endpoint_that_ever_answered_is_never_absent() -> None:
    before = AbsenceDetector(SPOTIFY, Everything(), Known(*range(9), answered={GONE}))
    assert not any(refusals(before, GONE, "forbidden", range(9)))
    now = AbsenceDetector(SPOTIFY, Everything(), Known(*range(9)))
    now.on_answered(GONE)
    assert now.has_answered(GONE)
    assert not any(refusals(now, GONE, "forbidden", range(9)))


def asked_by_splitting(ids: int, bad: Set[int], answered: bool) -> list[tuple[str, ...]]:
    """Return the batches that are sent until nothing is left to split."""
    splitter = BatchSplitter(lambda endpoint: answered)
    waiting = [Task(Request("tracks", tuple(map(str, range(ids)))), tuple(range(ids)))]
    sent = []
    while waiting:
        batch = waiting.pop(0)
        sent.append(batch.request.ids)
        assert batch.request.ids == tuple(map(str, batch.nodes))
        if not bad.isdisjoint(batch.nodes):
            waiting += splitter.halves(batch)
    return sent


@given(st.integers(1, 100), st.sets(st.integers(0, 99), max_size=5))
def test_a_refused_batch_is_split_until_bad_ids_stand_alone(ids: int, bad: set[int]) -> None:
    bad = {node for node in bad if node < ids}
    sent = asked_by_splitting(ids, bad, answered=True)
    answered = {id_ for batch in sent for id_ in batch if bad.isdisjoint(map(int, batch))}
    assert answered == {str(node) for node in range(ids) if node not in bad}
    assert len(sent) <= 1 + 2 * len(bad) * ids.bit_length()


def test_an_endpoint_that_refuses_every_part_is_left_alone() -> None:
    assert len(asked_by_splitting(100, set(range(100)), answered=False)) < 40


class FailingLimiter:
    """A limiter of a source that fails for so many seconds."""

    failing_seconds = 0.0

    def on_response(self, sent_at: float) -> None:
        self.failing_seconds = 0.0


def test_a_source_that_is_away_longer_than_is_waited_ends_a_crawl() -> None:
    limiter = FailingLimiter()
    guard = guards.OutageGuard("Deezer", limiter)
    for limiter.failing_seconds in range(60):
        assert guard.on_failure("a", True, "timeout") is None
    limiter.failing_seconds = 60.0
    error = guard.on_failure("a", True, "timeout")
    assert isinstance(error, UnavailableError)
    assert error.happened == "Deezer gives no usable answer (timeout)."


def test_a_single_request_that_fails_at_a_source_that_responds_is_given_up() -> None:
    limiter = FailingLimiter()
    guard = guards.OutageGuard("Deezer", limiter)
    guard.on_response()
    limiter.failing_seconds = 61.0
    assert guard.on_failure("a", True, "HTTP 500") is None
    assert guard.is_over
    assert guard.is_own_fault
    assert isinstance(guard.on_failure("a", True, "unreachable: refused"), UnavailableError)
    guard.give_up(0.0)
    limiter.failing_seconds = 61.0
    assert isinstance(guard.on_failure("b", True, "HTTP 500"), UnavailableError)


def test_an_error_of_one_request_alone_is_its_own_and_an_outage_is_not() -> None:
    guard = guards.OutageGuard("Deezer", FailingLimiter())
    guard.on_failure("a", True, "HTTP 500")
    assert not guard.is_own_error  # nothing responded yet
    guard.on_response()
    guard.on_failure("a", True, "HTTP 500")
    assert guard.is_own_error
    guard.on_failure("a", True, "HTTP 503")
    assert not guard.is_own_error


def test_twenty_requests_in_a_row_that_no_attempt_helps_end_a_crawl() -> None:
    guard = guards.OutageGuard("Deezer", FailingLimiter())
    errors = [guard.on_failure(str(n), False, "redirected") for n in range(guards.HOPELESS_MAX)]
    assert errors[:-1] == [None] * (guards.HOPELESS_MAX - 1)
    assert isinstance(errors[-1], UnavailableError)


def test_a_storm_of_rejected_tokens_ends_a_crawl() -> None:
    guard = guards.KeyGuard("Deezer")
    tokens = [{"Authorization": f"Bearer {number}"} for number in range(guards.RENEWALS_MAX + 1)]
    assert [guard.on_unauthorised(tokens[0], 0.0) for _ in range(100)] == [None] * 100
    errors = [guard.on_unauthorised(token, 1.0) for token in tokens]
    assert errors[:-1] == [None] * guards.RENEWALS_MAX
    assert isinstance(errors[-1], CredentialsError)
    later = guards.RENEWALS_SECONDS
    patient = guards.KeyGuard("Deezer")
    assert not any(patient.on_unauthorised(token, n * later) for n, token in enumerate(tokens))


@pytest.mark.parametrize(("malformed", "ends"), [(10, False), (11, True)])
def test_more_than_half_of_twenty_malformed_responses_end_a_crawl(
    malformed: int, ends: bool
) -> None:
    guard = guards.MalformedGuard("Deezer")
    errors = [guard.on_response(number < malformed) for number in range(guards.RESPONSES_MIN)]
    assert errors[:-1] == [None] * (guards.RESPONSES_MIN - 1)
    assert isinstance(errors[-1], ShapeError) is ends


@pytest.mark.parametrize(
    ("error", "cls"),
    [
        (guards.drift_error("Deezer", "artist", Finding("vanished_field", "no name")), ShapeError),
        (guards.wall_error("Deezer", "a challenge"), BotWallError),
        (guards.key_error("Deezer", 401), CredentialsError),
        (guards.useless_run_error("Deezer", "malformed body: x"), ShapeError),
        (guards.useless_run_error("Deezer", "forbidden call: x"), StoreError),
    ],
)
def test_every_error_says_what_is_saved_and_what_to_do_next(error, cls: type) -> None:
    assert type(error) is cls
    assert error.happened.startswith("Deezer")
    assert error.saved
    assert error.next_step


def test_the_first_status_and_the_first_error_of_an_ending_stand() -> None:
    ending, error = Ending(), StoreError("first")
    ending.stop("parked")
    ending.fail(error)
    ending.fail(StoreError("second"))
    assert (ending.status, ending.error) == ("parked", error)


class Recorder:
    """A recorder with stated coverages, which counts how often they are looked at."""

    def __init__(self, estimates: dict[str, float]) -> None:
        self.responses = self.looks = 0
        self.satisfied: set[str] = set()
        self.estimates = estimates
        self.coverage = SimpleNamespace(coverage=self.look)

    def look(self) -> dict[str, Coverage]:
        self.looks += 1
        return {kind: Coverage(value, value, value) for kind, value in self.estimates.items()}


def conditions(goal: Goal, recorder: Recorder, *satisfied: str) -> StopConditions:
    """Conditions of a goal of which some kinds are satisfied."""
    recorder.satisfied = set(satisfied)
    context = SimpleNamespace(goal=goal, clock=Clock())
    return StopConditions(context, recorder)


class Clock:
    """A clock that starts at 0 and is 4 seconds later at each look."""

    def __init__(self) -> None:
        self._seconds = -4.0

    def steady(self) -> float:
        self._seconds += 4.0
        return self._seconds


def test_requests_and_seconds_are_limited() -> None:
    stops = conditions(Goal({"artist": None}, max_calls=5, max_seconds=10.0), Recorder({}))
    assert [stops.requests_used_up(number) for number in (4, 5, 6)] == [False, True, True]
    assert [stops.out_of_time() for _ in range(3)] == [False, False, True]
    assert not conditions(Goal({"artist": None}), Recorder({})).requests_used_up(10**9)


def test_a_goal_is_met_when_all_wanted_numbers_are_reached() -> None:
    goal = Goal({"artist": 5, "album": 5})
    assert not conditions(goal, Recorder({}), "artist").goal_met()
    assert conditions(goal, Recorder({}), "artist", "album").goal_met()
    assert not conditions(Goal({"artist": None}), Recorder({}), "artist").goal_met()


def test_coverage_is_looked_at_every_twenty_responses_and_must_hold_for_all_kinds() -> None:
    recorder = Recorder({"artist": 0.95, "album": 0.5})
    stops = conditions(Goal({"artist": None, "album": None}, until=0.9), recorder)
    for recorder.responses in range(60):
        assert not stops.goal_met()
    assert recorder.looks == 2
    recorder.estimates["album"] = 0.9
    recorder.responses = 60
    assert stops.goal_met()
    recorder.estimates.clear()
    recorder.responses = 80
    assert not stops.goal_met()
