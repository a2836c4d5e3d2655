"""Parts of the engine: retries, absence, guards, and the conditions that end a crawl."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from phonofilm.crawl import guards
from phonofilm.crawl.absence import AbsenceDetector
from phonofilm.crawl.coverage.coverage import Coverage
from phonofilm.crawl.ending import Ending, StopConditions
from phonofilm.crawl.frontier.base import Task
from phonofilm.crawl.retries import RETRIES, RetryQueue
from phonofilm.crawl.scope.goal import Goal
from phonofilm.crawl.scope.scopes import Everything, Named
from phonofilm.errors import BotWallError, CredentialsError, ShapeError, StoreError
from phonofilm.sources import get
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
            pause += 0.25
        pauses.append(pause)
        now, attempts = now + pause, retry.attempts
    assert pauses == [0.25, 0.5, 1.0, 2.0]
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


def test_an_endpoint_that_may_be_gone_is_absent_at_its_first_rejection() -> None:
    name = next(iter(SPOTIFY.may_be_gone))
    detector = AbsenceDetector(SPOTIFY, Everything(), set())
    assert detector.is_absent(task(name, "1"))


def test_other_endpoints_are_absent_after_three_different_ids() -> None:
    name = next(name for name in SPOTIFY.endpoints if name not in SPOTIFY.may_be_gone)
    detector = AbsenceDetector(SPOTIFY, Everything(), set())
    ids = ["1", "2", "2", "1", "3"]
    assert [detector.is_absent(task(name, id_)) for id_ in ids] == [False] * 4 + [True]


def test_ids_that_a_person_gave_may_simply_be_wrong() -> None:
    name = next(iter(SPOTIFY.may_be_gone))
    scope = Named([Link("artist", "1")], with_credits=False)
    assert not AbsenceDetector(SPOTIFY, scope, set()).is_absent(task(name, "1"))
    assert AbsenceDetector(SPOTIFY, scope, set()).is_absent(task(name, "2"))


def test_an_endpoint_that_ever_answered_is_never_absent() -> None:
    name = next(iter(SPOTIFY.may_be_gone))
    before = AbsenceDetector(SPOTIFY, Everything(), {name})
    assert not before.is_absent(task(name, "1"))
    now = AbsenceDetector(SPOTIFY, Everything(), set())
    now.on_answered(name)
    assert now.has_answered(name)
    assert not now.is_absent(task(name, "1"))


def test_silence_ends_a_crawl_after_twenty_requests_in_a_row() -> None:
    guard = guards.SilenceGuard("Deezer")
    errors = [guard.on_silence("timeout") for _ in range(guards.SILENT_MAX - 1)]
    guard.reset()
    errors += [guard.on_silence("timeout") for _ in range(guards.SILENT_MAX - 1)]
    assert errors == [None] * 2 * (guards.SILENT_MAX - 1)
    error = guard.on_silence("timeout")
    assert isinstance(error, StoreError)
    assert error.happened == "Deezer gives no usable answer (timeout)."


def test_rejections_in_a_row_park_a_source_for_an_hour() -> None:
    parked: list[float] = []
    limiter = SimpleNamespace(park=lambda seconds, reason: parked.append(seconds))
    guard = guards.RejectionGuard(limiter, workers=3)
    for _ in range(guards.REJECTIONS_MAX + 2):
        guard.on_rejected()
    assert parked == []
    guard.on_rejected()
    assert parked == [3600.0]
    guard.reset()
    guard.on_rejected()
    assert parked == [3600.0]


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
