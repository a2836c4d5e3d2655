"""The engine: asks what the planner chooses as fast as the limiter allows, and loses nothing.

An answer is safe when its line stands in the log and one transaction holds the log's offset, what
the answer told of and the counters. A worker asks again only then, so that a crash costs the calls
in flight and nothing else.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from logging import DEBUG

import msgspec

from phonofilm.crawl.context import CrawlContext, Retry
from phonofilm.crawl.frontier.base import (
    ANSWERED,
    FAILED,
    MISSING,
    QUARANTINED,
    RequestRecord,
    Task,
)
from phonofilm.crawl.responses.recorder import ResponseRecorder
from phonofilm.errors import BotWallError, CredentialsError, PhonofilmError, ShapeError, StoreError
from phonofilm.findings import Findings
from phonofilm.logs import log
from phonofilm.net.send import send
from phonofilm.net.transport import NoResponse
from phonofilm.sources.contract import Finding, Outcome, Response

ATTEMPTS_MAX = 5
_MOST_SILENT = 20
_MOST_REFUSALS = 20
_MOST_MALFORMED_SHARE = 0.5
_JUDGE_SHAPE_AFTER = 20
_LOOK_AT_COVERAGE_EVERY = 20


class Engine:
    """One crawl of one source. `crawl` ends by itself; `stop` lets the calls in flight finish."""

    def __init__(self, parts: CrawlContext, workers: int = 4) -> None:
        self.parts = parts
        self.workers = workers
        self.reader = ResponseRecorder(
            parts.source,
            parts.access,
            parts.goal,
            parts.scope,
            parts.frontier,
            parts.planner,
            parts.drift_share,
        )
        parts.writer.estimator_state = self.reader.population.dump
        self.status_counts: Counter[str] = Counter()
        self.calls_by_endpoint: Counter[str] = Counter()
        self.findings = Findings()
        self.calls = 0
        self.ended = ""  # goal, done, parked, interrupted, stopped
        self.error: PhonofilmError | None = None
        self.gain = 0.0
        self._in_flight = 0
        self._retries: list[Retry] = []
        self._workers: list[asyncio.Task[None]] = []
        self._changed = asyncio.Event()
        self._silent = 0
        self._refused_in_a_row: dict[str, set[tuple[str, ...]]] = {}
        self._answered = parts.frontier.answered_endpoints()
        self._began = parts.clock.steady()
        self._open_ended = parts.goal.open_ended()
        self._wanted = set(parts.goal.wants)
        self._malformed = 0
        self._told = 0  # answers that said something, "there is no such thing" included
        self._refusals = 0
        self._renewed: set[str] = set()
        self._parsed = 0
        self._look_again_at, self._enough = _LOOK_AT_COVERAGE_EVERY, False

    async def crawl(self) -> None:
        """Runs until the goal is met, nothing is left, or something ends it."""
        self._workers = [asyncio.create_task(self._work()) for _ in range(self.workers)]
        try:
            await asyncio.gather(*self._workers)
        except asyncio.CancelledError:
            if self.ended != "interrupted":
                raise
        finally:
            for worker in self._workers:
                worker.cancel()
            await asyncio.gather(*self._workers, return_exceptions=True)
        if self.error is None:
            self.parts.writer.commit()
            self._judge_silence()
            for lists in self.parts.planner.lists_given_up():
                self.findings.add("lists_given_up", str(lists), lists.endpoint)
        if self.error:
            raise self.error

    def _judge_silence(self) -> None:
        """A run in which the source never answered is no success, whatever it said instead."""
        useless = self.calls and self.ended == "done" and not self._told
        worst = self.findings.worst()
        if useless and worst:
            error = ShapeError if worst.startswith("malformed body") else StoreError
            self._fail(
                error(
                    f"{self.parts.source.manifest.title} gave no usable answer ({worst}).",
                    saved="Whatever came is kept; nothing counts as answered.",
                    next_step="Run the same command again later.",
                )
            )

    def stop(self, why: str) -> None:
        """No further call is made; the first reason stands."""
        self.ended = self.ended or why
        self._changed.set()

    def interrupt(self) -> None:
        """The first time, calls in flight finish; the second time they are given up."""
        if self.ended:
            for worker in self._workers:
                worker.cancel()
        self.stop("interrupted")

    def _fail(self, error: PhonofilmError) -> None:
        self.error = self.error or error
        self.stop("stopped")

    async def _work(self) -> None:
        while not self.ended:
            ask, tries = self._next()
            if ask is None:
                if not self._in_flight and not self._retries:
                    self._nothing_left()
                    return
                await self._something_changes()
                continue
            self._in_flight += 1
            try:
                if await self._allowed(ask.request.endpoint):
                    await self._make(ask, tries)
                else:
                    self._retries.append(Retry(0.0, tries, ask))
            except PhonofilmError as error:
                self._fail(error)
            finally:
                self._in_flight -= 1
                self._changed.set()

    def _nothing_left(self) -> None:
        """The end, or all that is left waits for a quota of its own."""
        if self.parts.planner.quota_blocked and not self._goal_met():
            self.parts.limiter.park(
                self.parts.limiter.seconds_until_quota(), "all that is left has no quota"
            )
            self.stop("parked")
        self.stop("goal" if self._goal_met() else "done")

    def _next(self) -> tuple[Task | None, int]:
        if self._over():
            return None, 0
        now = self.parts.clock.steady()
        for place, retry in enumerate(self._retries):
            if retry.not_before <= now:
                del self._retries[place]
                return retry.ask, retry.tries
        return self.parts.planner.next(), 0

    def _over(self) -> bool:
        goal = self.parts.goal
        if goal.max_calls is not None and self.calls + self._in_flight >= goal.max_calls:
            if self.calls >= goal.max_calls:
                self.stop("stopped")
            return True
        if self._out_of_time():
            return True
        if self._goal_met():
            self.stop("goal")
            return True
        return False

    def _out_of_time(self) -> bool:
        most = self.parts.goal.max_seconds
        if most and self.parts.clock.steady() - self._began >= most:
            self.stop("stopped")
            return True
        return False

    def _goal_met(self) -> bool:
        if self.parts.goal.until is not None and self._covered():
            return True
        return not self._open_ended and self.parts.planner.satisfied >= self._wanted

    def _covered(self) -> bool:
        """Whether so much of all wanted kinds is in hand; looked at now and then."""
        if self._parsed >= self._look_again_at:
            self._look_again_at = self._parsed + _LOOK_AT_COVERAGE_EVERY
            seen = self.reader.coverage.coverage()
            least = min((held.estimate for held in seen.values()), default=0.0)
            self._enough = bool(seen) and least >= (self.parts.goal.until or 0.0)
        return self._enough

    async def _something_changes(self) -> None:
        self._changed.clear()
        try:
            await asyncio.wait_for(self._changed.wait(), 0.1)
        except TimeoutError:
            return

    async def _allowed(self, endpoint: str) -> bool:
        """Waits for the limiter in steps short enough to be interrupted; False when it is over."""
        limiter = self.parts.limiter
        while True:
            wait = limiter.wait(endpoint)
            if limiter.parked_until is not None:
                self.stop("parked")
            if self.ended or self._out_of_time():
                return False
            if wait <= 0:
                limiter.on_sent(endpoint)
                return True
            await asyncio.sleep(min(wait, 0.5))

    async def _make(self, ask: Task, tries: int) -> None:
        """One call, and what follows from it."""
        parts = self.parts
        headers = await parts.tokens.headers()
        sent = parts.clock.steady()
        try:
            found = await send(
                parts.source, parts.access, ask.request, parts.sender, headers, parts.elsewhere
            )
        finally:
            parts.limiter.on_returned()
        self.calls += 1
        self.calls_by_endpoint[ask.request.endpoint] += 1
        if isinstance(found, NoResponse):
            await self._nothing_came(ask, tries, found)
            return
        outcome = parts.source.classify(ask.request, found)
        self.status_counts[str(found.status)] += 1
        if outcome.verdict == "answer":
            await self._answer(ask, found, sent)
        elif outcome.verdict in ("throttled", "quota"):
            parts.limiter.on_rejected(outcome.retry_after_seconds, outcome.verdict == "quota", sent)
            self._count_refusal()
            self._count(ask, found.status, outcome.verdict)
            told = outcome.retry_after_seconds
            wait = "no time of return" if told is None else f"come back in {told:.0f} s"
            self.findings.add(
                outcome.verdict,
                f"{ask.request.key}: {outcome.reason}, {wait}",
                ask.request.endpoint,
            )
            self._retries.append(Retry(0.0, tries, ask))
        elif outcome.verdict == "unauthorised":
            await self._unauthorised(ask, tries, headers, found)
        else:
            await self._no_answer(ask, tries, found, outcome)

    def _count_refusal(self) -> None:
        """Refused again and again without an answer between: a quota that does not say so."""
        self._refusals += 1
        if self._refusals >= _MOST_REFUSALS + self.workers:
            self.parts.limiter.park(3600.0, "refused again and again")

    def _count(self, ask: Task, status: int, verdict: str, gain: float = 0.0, met: str = "") -> int:
        at = int(self.parts.clock.wall() * 1e6)
        if log.isEnabledFor(DEBUG):
            log.debug("call", key=ask.request.key, status=status, verdict=verdict, gain=gain)
        return self.parts.frontier.record_request(
            RequestRecord(
                endpoint=ask.request.endpoint,
                answered_at=at,
                status=status,
                verdict=verdict,
                queue=ask.queue,
                gain=gain,
                discovered=met,
                run=self.parts.run,
            )
        )

    async def _answer(self, ask: Task, response: Response, sent: float) -> None:
        parts = self.parts
        parts.limiter.on_accepted(sent)
        self._silent = self._refusals = 0
        response = parts.writer.exclude_erased(response)
        self._answered.add(ask.request.endpoint)
        reading = self.reader.record(ask, response)
        for finding in reading.findings:
            self.findings.add(finding.kind, finding.detail, ask.request.endpoint)
        self._judge_shape(reading.malformed)
        if reading.drifted:
            self._drifted(reading.drifted, ask.request.endpoint)
        met = msgspec.json.encode(reading.discovered).decode() if reading.discovered else ""
        seq = self._count(ask, response.status, "answer", reading.gain, met)
        self.gain += reading.gain
        log = parts.writer.add(seq, ask.request, response, reading.schema_match)
        at = int(parts.clock.wall() * 1e6)
        state = QUARANTINED if reading.malformed else ANSWERED
        parts.frontier.settle(ask, state, response, at, log)
        parts.planner.learn(ask, reading.gain, reading.discovered, reading.items)
        await parts.writer.wait_durable()

    def _judge_shape(self, malformed: bool) -> None:
        self._parsed += 1
        self._malformed += malformed
        self._told += not malformed
        if (
            self._parsed >= _JUDGE_SHAPE_AFTER
            and self._malformed > self._parsed * _MOST_MALFORMED_SHARE
        ):
            self._fail(
                ShapeError(
                    f"{self._malformed} of {self._parsed} answers are not what "
                    f"{self.parts.source.manifest.title} used to send.",
                    saved="All of them are kept and can be read again after an update.",
                    next_step="Look at the findings: phonofilm status.",
                )
            )

    def _drifted(self, finding: Finding, endpoint: str) -> None:
        """A promised field is gone: going on would fill the tables with nothing."""
        self.findings.add(finding.kind, finding.detail, endpoint)
        title = self.parts.source.manifest.title
        self._fail(
            ShapeError(
                f"{title} changed: {finding.detail}.",
                endpoint=endpoint,
                saved="Every answer so far.",
                next_step="Look for an update; or allow more with drift_share in the settings.",
            )
        )

    async def _nothing_came(self, ask: Task, tries: int, why: NoResponse) -> None:
        self.status_counts[why.kind] += 1
        self._count(ask, 0, why.kind)
        self._count_silence(f"{why.kind}: {why.detail}")
        await self._try_again(ask, tries, why.worth_another_try, f"{why.kind}: {why.detail}")

    def _count_silence(self, why: str) -> None:
        """So many calls in a row without an answer: the source is not there."""
        self._silent += 1
        if self._silent >= _MOST_SILENT:
            self._fail(
                StoreError(
                    f"{self.parts.source.manifest.title} gives no usable answer ({why}).",
                    saved="Every answer so far.",
                    next_step="Check the network and run the same command again; it goes on.",
                )
            )

    async def _try_again(self, ask: Task, tries: int, worth: bool, reason: str) -> None:
        if worth and tries + 1 < ATTEMPTS_MAX:
            pause = 0.25 * 2**tries
            self._retries.append(Retry(self.parts.clock.steady() + pause, tries + 1, ask))
            self.findings.add("retried_call", f"{ask.request.key}: {reason}", ask.request.endpoint)
            return
        self.findings.add("failed_call", f"{ask.request.key}: {reason}", ask.request.endpoint)
        await self._settle(ask, FAILED, Response(0, {}, b""))

    async def _settle(self, ask: Task, state: int, response: Response) -> None:
        at = int(self.parts.clock.wall() * 1e6)
        self.parts.frontier.settle(ask, state, response, at, None)
        await self.parts.writer.wait_durable()

    async def _unauthorised(
        self, ask: Task, tries: int, spent: dict[str, str], response: Response
    ) -> None:
        """A token is renewed once; a new one that is refused ends the crawl."""
        self._count(ask, response.status, "unauthorised")
        self.findings.add("unauthorised", f"{ask.request.key}: HTTP 401", ask.request.endpoint)
        again = ask.request.key in self._renewed
        self._renewed.add(ask.request.key)
        if again or not await self.parts.tokens.renew(spent):
            raise CredentialsError(
                f"{self.parts.source.manifest.title} refuses the key (HTTP {response.status}).",
                saved="Every answer so far.",
                next_step="Check the credentials: phonofilm doctor.",
            )
        self._retries.append(Retry(0.0, tries, ask))

    async def _no_answer(self, ask: Task, tries: int, response: Response, outcome: Outcome) -> None:
        endpoint = ask.request.endpoint
        self._count(ask, response.status, outcome.verdict)
        if outcome.verdict == "bot_wall":
            self.findings.add("bot_wall", f"{ask.request.key}: {outcome.reason}", endpoint)
            self._fail(
                BotWallError(
                    f"{self.parts.source.manifest.title} asks for a browser: {outcome.reason}.",
                    saved="Every answer so far.",
                    next_step="The host is left alone. Use another source, or saved pages.",
                )
            )
            return
        if outcome.verdict in ("forbidden", "missing") and self._is_absent(ask):
            self.findings.add("capability_absent", f"{endpoint}: HTTP {response.status}", endpoint)
            self.parts.frontier.mark_absent(endpoint, int(self.parts.clock.wall()), response.status)
            self.parts.planner.drop(endpoint)
        elif outcome.verdict == "unavailable":
            self._count_silence(outcome.reason)
            await self._try_again(ask, tries, True, outcome.reason)
            return
        elif outcome.verdict != "missing":
            self.findings.add(
                f"{outcome.verdict}_call", f"{ask.request.key}: {outcome.reason}", endpoint
            )
        else:
            self.findings.add("missing", f"{ask.request.key}: {outcome.reason}", endpoint)
        self._told += outcome.verdict == "missing"
        # Refused where nothing was ever answered may be a passing fault: the next run asks again.
        passing = outcome.verdict != "missing" and endpoint not in self._answered
        await self._settle(ask, FAILED if passing else MISSING, response)

    def _is_absent(self, ask: Task) -> bool:
        """A whole endpoint is gone: told by the manifest and the first call, or by three ids."""
        endpoint = ask.request.endpoint
        if endpoint in self._answered:
            return False
        named = self.parts.scope.names(ask.request.ids)  # ids a person gave may simply be wrong
        refused = self._refused_in_a_row.setdefault(endpoint, set())
        refused.add(ask.request.ids)
        may_be = endpoint in self.parts.source.manifest.may_be_gone and not named
        return may_be or len(refused) >= 3
