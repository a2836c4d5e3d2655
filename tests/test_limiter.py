"""The limiter on a simulated clock: no window is ever exceeded, no parked source is requested."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonofilm.net.backoff import Backoff
from phonofilm.net.limiter import DAY, Limiter
from phonofilm.sandbox.kernel.service import Window as ServiceWindow
from phonofilm.sources.manifest import Budget


class SimulatedClock:
    """Time that passes when a test sets it."""

    def __init__(self) -> None:
        self.at = 1_000_000.0
        self.jump = 0.0

    def wall(self) -> float:
        return self.at + self.jump

    def steady(self) -> float:
        return self.at

    now = steady


BUDGETS = st.builds(Budget, st.integers(1, 8), st.sampled_from([1.0, 5.0, 30.0]))


@given(
    budgets=st.lists(BUDGETS, min_size=1, max_size=3),
    pauses=st.lists(st.floats(0, 7), min_size=5, max_size=60),
)
def test_no_window_is_exceeded_under_any_schedule(
    budgets: list[Budget], pauses: list[float]
) -> None:
    clock = SimulatedClock()
    limiter = Limiter(budgets, clock)
    sent: list[float] = []
    for pause in pauses:
        clock.at += pause
        if limiter.wait() == 0:
            limiter.on_sent()
            sent.append(clock.at)
    for budget in budgets:
        for at in sent:
            assert sum(at - budget.seconds < other <= at for other in sent) <= budget.limit


@given(limit=st.integers(1, 10), seconds=st.sampled_from([1.0, 5.0, 30.0]))
def test_the_computed_wait_is_enough_and_uses_the_whole_window(limit: int, seconds: float) -> None:
    clock = SimulatedClock()
    limiter = Limiter([Budget(limit, seconds)], clock)
    service = ServiceWindow(limit, seconds, clock)
    began = clock.at
    for _ in range(limit * 5):
        clock.at += limiter.wait()
        limiter.on_sent()
        assert service.admit() is None
    assert clock.at - began <= seconds * 4 + 1e-6


def test_a_rejection_pauses_for_its_retry_after() -> None:
    clock = SimulatedClock()
    limiter = Limiter([], clock)
    limiter.on_rejected(7.0, False, clock.at)
    assert limiter.wait() == 7.0
    clock.at += 7.0
    assert limiter.wait() == 0


def test_retry_after_zero_still_pauses() -> None:
    clock = SimulatedClock()
    limiter = Limiter([], clock)
    limiter.on_rejected(0.0, False, clock.at)
    assert 0 < limiter.wait() <= 1


@pytest.mark.parametrize("seconds", [61.0, 48_925.0, 86_400.0])
def test_a_long_wait_is_parked_not_slept_through(seconds: float) -> None:
    clock = SimulatedClock()
    limiter = Limiter([], clock)
    limiter.on_rejected(seconds, False, clock.at)
    assert limiter.parked_until == clock.wall() + seconds


def test_a_spent_quota_without_a_time_of_return_is_parked_for_a_day() -> None:
    clock = SimulatedClock()
    limiter = Limiter([], clock)
    limiter.on_rejected(None, True, clock.at)
    assert limiter.parked_until == clock.wall() + DAY


def refused(jitter: float = 1.0) -> tuple[SimulatedClock, Limiter]:
    """A limiter whose jitter is stated: 1 for the longest pauses."""
    clock = SimulatedClock()
    return clock, Limiter([], clock, backoff=Backoff(lambda: jitter))


def test_without_retry_after_the_pause_doubles_up_to_a_minute_then_the_source_is_parked() -> None:
    clock, limiter = refused()
    began, waits = clock.at, []
    while limiter.parked_until is None:
        limiter.on_sent()
        limiter.on_rejected(None, False, clock.at)
        limiter.on_returned()
        waits.append(limiter.wait())
        clock.at += waits[-1]
    assert waits[:8] == [0.5, 1, 2, 4, 8, 16, 32, 60]
    assert max(waits) == 60
    assert len(waits) <= 12
    assert 240 <= clock.at - began <= 360
    assert limiter.parked_until == pytest.approx(clock.wall() - waits[-1] + 3600)


@given(jitter=st.floats(0, 1))
def test_pauses_of_back_off_have_jitter(jitter: float) -> None:
    clock, limiter = refused(jitter)
    for doubled in range(6):
        limiter.on_sent()
        limiter.on_rejected(None, False, clock.at)
        assert limiter.wait() == pytest.approx(max(0.05, 0.5 * 2**doubled * jitter))
        clock.at += limiter.wait()


@given(jitter=st.floats(0, 1), seconds=st.floats(0, 60))
def test_no_pause_is_shorter_than_retry_after(jitter: float, seconds: float) -> None:
    clock, limiter = refused(jitter)
    for _ in range(5):
        limiter.on_sent()
        limiter.on_rejected(seconds, False, clock.at)
        assert limiter.wait() >= seconds
        clock.at += limiter.wait()


def test_a_retry_after_that_never_ends_is_believed_for_five_minutes() -> None:
    clock, limiter = refused()
    requests = 0
    while limiter.parked_until is None:
        limiter.on_sent()
        limiter.on_rejected(59.0, False, clock.at)
        limiter.on_returned()
        requests += 1
        clock.at += limiter.wait()
    assert requests == 6


def test_requests_in_flight_at_the_first_rejection_are_no_further_rejections() -> None:
    clock, limiter = refused()
    sent = clock.at
    clock.at += 1
    for _ in range(8):
        limiter.on_rejected(None, False, sent)
    assert limiter.wait() == 0.5


@pytest.mark.parametrize("outcome", ["rejected", "failed"])
def test_one_request_tries_while_the_others_wait(outcome: str) -> None:
    clock, limiter = refused()
    for _ in range(2):
        limiter.on_sent()
        limiter.on_rejected(None, False, clock.at)
        limiter.on_returned()
        clock.at += limiter.wait()
    assert limiter.wait() == 0
    limiter.on_sent()
    sent = clock.at
    clock.at += 30
    assert limiter.wait() > 0
    if outcome == "rejected":
        limiter.on_rejected(None, False, sent)
    else:
        limiter.on_failed(sent)
    limiter.on_returned()
    clock.at += limiter.wait()
    assert limiter.wait() == 0
    limiter.on_sent()
    limiter.on_accepted(clock.at)
    assert limiter.wait() == 0


def test_a_request_that_was_never_sent_leaves_the_trial_to_another() -> None:
    clock, limiter = refused()
    limiter.on_sent()
    limiter.on_rejected(None, False, clock.at)
    limiter.on_returned()
    clock.at += limiter.wait()
    limiter.on_sent()
    limiter.on_returned()
    assert limiter.wait() == 0


def test_an_accepted_request_ends_the_doubling() -> None:
    clock, limiter = refused()
    for _ in range(3):
        limiter.on_sent()
        limiter.on_rejected(None, False, clock.at)
        clock.at += limiter.wait()
    limiter.on_accepted(clock.at)
    limiter.on_rejected(None, False, clock.at)
    assert limiter.wait() == 0.5


def test_one_failure_pauses_nothing_and_more_of_them_pause_the_source() -> None:
    clock, limiter = refused()
    waits = []
    for _ in range(8):
        limiter.on_sent()
        limiter.on_failed(clock.at)
        limiter.on_returned()
        waits.append(limiter.wait())
        clock.at += max(waits[-1], 0.1)
    assert waits == [0, 1, 2, 4, 8, 15, 15, 15]
    assert limiter.is_away
    assert limiter.failing_seconds == pytest.approx(60.1)
    limiter.on_response(clock.at)
    assert (limiter.is_away, limiter.failing_seconds) == (False, 0)


def test_a_daily_budget_counts_the_requests_of_earlier_runs() -> None:
    clock = SimulatedClock()
    earlier = [(clock.wall() - 3600 + n, "search") for n in range(100)]
    limiter = Limiter([Budget(100, DAY)], clock, earlier)
    assert limiter.wait() > 60
    assert limiter.parked_until == pytest.approx(earlier[0][0] + DAY)


def test_a_jump_of_the_wall_clock_does_not_open_a_short_window() -> None:
    clock = SimulatedClock()
    limiter = Limiter([Budget(1, 30.0)], clock)
    limiter.on_sent()
    clock.jump = 10_000.0
    assert limiter.wait() == 30.0
    clock.jump = -10_000.0
    assert limiter.wait() == 30.0
