"""Undocumented windows are inferred, used and never stormed; all on a simulated clock."""

from __future__ import annotations

import pytest
from benchmarks.windows import HiddenWindow, measure
from hypothesis import given, settings
from hypothesis import strategies as st

from phonofilm.net.backoff import Backoff
from phonofilm.net.limiter import DAY, WAIT_SECONDS_MAX, Limiter
from phonofilm.sources.manifest import Budget
from tests.test_limiter import SimulatedClock

# (what happens, seconds that pass before it)
EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["answer", "refuse", "refuse silently", "refuse 0", "fail"]),
        st.floats(0, 20),
    ),
    max_size=80,
)


@given(
    budget=st.builds(Budget, st.integers(1, 6), st.sampled_from([1.0, 5.0, 30.0])), events=EVENTS
)
@settings(max_examples=80)
def test_no_documented_window_is_exceeded_under_any_schedule_of_responses(
    budget: Budget, events: list[tuple[str, float]]
) -> None:
    clock = SimulatedClock()
    limiter = Limiter([budget], clock)
    sent: list[float] = []
    for what, pause in events:
        clock.at += pause
        if limiter.parked_until is not None or limiter.wait() > 0:
            continue
        limiter.on_sent()
        sent.append(clock.at)
        limiter.on_returned()
        if what == "answer":
            limiter.on_accepted(clock.at)
        elif what != "fail":
            retry_after = {"refuse": 3.0, "refuse silently": None, "refuse 0": 0.0}[what]
            limiter.on_rejected(retry_after, False, clock.at)
    for at in sent:
        assert sum(at - budget.seconds < other <= at for other in sent) <= budget.limit


@given(seconds=st.floats(0, WAIT_SECONDS_MAX), pauses=st.lists(st.floats(0, 30), max_size=20))
def test_no_request_is_allowed_before_retry_after(seconds: float, pauses: list[float]) -> None:
    clock = SimulatedClock()
    limiter = Limiter([], clock)
    limiter.on_sent()
    limiter.on_rejected(seconds, False, clock.at)
    until = clock.at + seconds
    for pause in pauses:
        clock.at += pause
        if clock.at < until:
            assert limiter.wait() > 0


@pytest.mark.parametrize("retry_after", ["exact", "rounded up"])
@pytest.mark.parametrize(("limit", "seconds"), [(180, 30.0), (50, 5.0)])
@pytest.mark.parametrize(("lengthens", "changes"), [(False, False), (True, False), (False, True)])
def test_a_hidden_window_is_used_and_rarely_exceeded(
    retry_after: str, limit: int, seconds: float, lengthens: bool, changes: bool
) -> None:
    usage = measure(HiddenWindow(limit, seconds, retry_after, lengthens, changes))
    assert usage.used >= 0.95
    assert usage.rejected <= 0.01


def test_a_hidden_window_without_retry_after_is_inferred_in_the_end() -> None:
    usage = measure(HiddenWindow(50, 5.0, "absent", False, False), settle=600.0)
    assert usage.inferred == "50/5s"
    assert usage.rejected_later <= 0.01


def test_a_single_stray_rejection_does_not_slow_a_crawl_for_long() -> None:
    clock = SimulatedClock()
    limiter = Limiter([], clock)
    for _ in range(5):
        limiter.on_sent()
        limiter.on_accepted(clock.at)
        clock.at += 0.05
    limiter.on_rejected(1.0, False, clock.at)
    began, requests = clock.at, 0
    while requests < 2000:
        clock.at += max(0.01, limiter.wait())
        if limiter.wait() <= 0:
            limiter.on_sent()
            limiter.on_accepted(clock.at)
            requests += 1
    assert clock.at - began < 120


def test_the_quota_of_an_endpoint_leaves_the_others_alone() -> None:
    clock = SimulatedClock()
    earlier = [(clock.wall() - 100, "search")] * 3
    limiter = Limiter([Budget(3, DAY, ["search"]), Budget(100, DAY)], clock, earlier)
    assert limiter.quota_weight("search") is None
    assert limiter.quota_weight("album") == 1.0
    assert limiter.wait("album") == 0
    assert limiter.parked_until is None
    assert limiter.wait("search") > WAIT_SECONDS_MAX


def test_a_request_of_a_scarce_quota_costs_more() -> None:
    limiter = Limiter([Budget(10, DAY, ["search"]), Budget(1000, DAY)], SimulatedClock())
    assert limiter.quota_weight("search") == pytest.approx(100.0)


def test_no_more_requests_are_in_flight_than_the_source_allows() -> None:
    limiter = Limiter([], SimulatedClock(), concurrent=2)
    limiter.on_sent()
    limiter.on_sent()
    assert limiter.wait() > 0
    limiter.on_returned()
    assert limiter.wait() == 0


def test_repeated_retry_after_zero_waits_longer_each_time() -> None:
    clock = SimulatedClock()
    limiter = Limiter([], clock, backoff=Backoff(lambda: 1.0))
    waits = []
    for _ in range(6):
        limiter.on_sent()
        limiter.on_rejected(0.0, False, clock.at)
        waits.append(limiter.wait())
        clock.at += waits[-1]
    assert waits == [0.5, 1, 2, 4, 8, 16]


def crawled(limiter: Limiter, clock: SimulatedClock, requests: int, rejected: set[int]) -> float:
    """Send requests one after the other, 50 ms each; some are rejected without a word."""
    began, number = clock.at, 0
    while number < requests:
        if wait := limiter.wait():
            clock.at += wait
            continue
        limiter.on_sent()
        sent = clock.at
        clock.at += 0.05
        if number in rejected:
            limiter.on_rejected(None, False, sent)
        else:
            limiter.on_accepted(sent)
        limiter.on_returned()
        number += 1
    return clock.at - began


@pytest.mark.parametrize("number", [0, 1, 6, 50, 900])
def test_a_silent_rejection_without_a_limit_costs_less_than_a_second(number: int) -> None:
    clock = SimulatedClock()
    limiter = Limiter([], clock)
    assert crawled(limiter, clock, 1000, {number}) <= 1000 * 0.05 + 0.6
    assert limiter.inferred is None


@given(rejected=st.sets(st.integers(0, 999), max_size=5))
@settings(max_examples=20)
def test_stray_silent_rejections_never_lower_what_is_used_to_a_tenth(rejected: set[int]) -> None:
    clock = SimulatedClock()
    assert crawled(Limiter([], clock), clock, 1000, rejected) <= 2.5 * 1000 * 0.05
