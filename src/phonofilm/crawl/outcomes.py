"""Consequences of each outcome of a request: record, settle, retry, park, or end the crawl.

A response is safe when its line stands in the log and one transaction holds the log's offset,
everything that the response mentioned, and the counters. Handlers return after that, so a worker
asks again only then, and a crash costs the requests in flight and nothing else.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from logging import DEBUG

import msgspec

from phonofilm.crawl.absence import AbsenceDetector
from phonofilm.crawl.batch_split import BatchSplitter
from phonofilm.crawl.context import CrawlContext
from phonofilm.crawl.ending import Ending, RequestCounters
from phonofilm.crawl.frontier.values import (
    ANSWERED,
    FAILED,
    MISSING,
    QUARANTINED,
    RequestRecord,
    Task,
)
from phonofilm.crawl.guards import (
    KeyGuard,
    MalformedGuard,
    OutageGuard,
    drift_error,
    key_error,
    wall_error,
)
from phonofilm.crawl.responses.recorder import RecordedResponse, ResponseRecorder
from phonofilm.crawl.retry_queue import Attempt, RetryQueue
from phonofilm.errors import PhonofilmError
from phonofilm.findings import Findings
from phonofilm.logs import log
from phonofilm.net.auth.token_server import TokenUnavailableError
from phonofilm.net.base import NoResponse
from phonofilm.sources.contract import Outcome, Response

_NO_RESPONSE = Response(0, {}, b"")
# Verdicts that say nothing of whether the source would answer another request.
_NO_SERVICE = ("throttled", "quota", "unavailable")


class OutcomeHandler:
    """Handlers of outcomes by verdict. Public attributes are what a crawl reports at its end."""

    def __init__(
        self, context: CrawlContext, recorder: ResponseRecorder, retries: RetryQueue, ending: Ending
    ) -> None:
        self._context, self._recorder = context, recorder
        self._retries, self._ending = retries, ending
        self._title = context.source.manifest.title
        self.counters, self.findings = RequestCounters(), Findings()
        self._absence = AbsenceDetector(context.source.manifest, context.scope, context.frontier)
        self._splitter = BatchSplitter(self._absence.has_answered)
        self._outages = OutageGuard(self._title, context.limiter)
        self._keys = KeyGuard(self._title)
        self._malformed = MalformedGuard(self._title)
        self._renewed_keys: set[str] = set()
        self._handlers: dict[str, Callable[[Attempt, Response, Outcome], Awaitable[None]]] = {
            "answer": self._record_answer,
            "throttled": self._wait_and_retry,
            "quota": self._wait_and_retry,
            "unauthorised": self._renew_and_retry,
            "bot_wall": self._stop_at_wall,
            "unavailable": self._retry_unavailable,
        }

    async def handle(self, attempt: Attempt, received: Response | NoResponse) -> None:
        """Handle what came back for an attempt. Verdicts without a handler settle the task."""
        counters, request = self.counters, attempt.task.request
        counters.requests += 1
        counters.by_endpoint[request.endpoint] += 1
        if attempt.permit is not None:
            self._context.frontier.use_permit(attempt.permit)
        if isinstance(received, NoResponse):
            counters.by_status[received.kind] += 1
            await self._retry_silent(attempt, received)
            return
        counters.by_status[str(received.status)] += 1
        outcome = self._context.source.classify(request, received)
        if outcome.verdict not in _NO_SERVICE:
            self._context.limiter.on_response(attempt.sent_at)
            self._outages.on_response()
        handler = self._handlers.get(outcome.verdict, self._settle_unanswered)
        await handler(attempt, received, outcome)

    async def settle_unsent(self, task: Task, reason: str) -> None:
        """Settle a task whose ids make no request; an older version stored ids unchecked."""
        if self._retry_halves(task):
            return
        self._report(task, "invalid_id", reason)
        await self._settle(task, MISSING, _NO_RESPONSE)

    async def _record_answer(self, attempt: Attempt, response: Response, _: Outcome) -> None:
        context, task = self._context, attempt.task
        context.limiter.on_accepted(attempt.sent_at)
        response = context.writer.exclude_erased(response)
        self._absence.on_answered(task.request.endpoint)
        recorded = self._recorder.record(task, response)
        self._judge(task, recorded)
        number = self._record_request(task, response.status, "answer", recorded)
        self.counters.gain += recorded.gain
        if recorded.malformed:
            self._recorder.skip_page(task)
        landed = task.request._replace(offset=recorded.offset)
        position = context.writer.add(number, landed, response, recorded.schema_match)
        state = QUARANTINED if recorded.malformed else ANSWERED
        context.frontier.settle(task, state, response, self._now_us(), position)
        context.planner.learn(task, recorded.gain, recorded.discovered, recorded.items)
        await context.writer.wait_durable()
        if task.request.endpoint in context.planner.absent:
            context.frontier.mark_present(task.request.endpoint)
            context.planner.restore(task.request.endpoint)

    def _judge(self, task: Task, recorded: RecordedResponse) -> None:
        """Report the findings of a response; end the crawl when the source changed its shape."""
        endpoint = task.request.endpoint
        for finding in recorded.findings:
            self.findings.add(finding.kind, finding.detail, endpoint)
        self.counters.usable += not recorded.malformed
        self._fail(self._malformed.on_response(recorded.malformed))
        for drift in recorded.drifts:
            self.findings.add(drift.finding.kind, drift.finding.detail, endpoint, each=True)
            if drift.ends:
                self._fail(drift_error(self._title, endpoint, drift.finding))

    async def _wait_and_retry(self, attempt: Attempt, response: Response, outcome: Outcome) -> None:
        """Tell the limiter of a rejection; the task is attempted again when it allows."""
        seconds, verdict = outcome.retry_after_seconds, outcome.verdict
        self._context.limiter.on_rejected(seconds, verdict == "quota", attempt.sent_at)
        self._record_request(attempt.task, response.status, verdict)
        wait = "no time of return" if seconds is None else f"come back in {seconds:.0f} s"
        self._report(attempt.task, verdict, f"{outcome.reason}, {wait}")
        self._retries.add(attempt.task, attempt.attempts)

    async def _renew_and_retry(self, attempt: Attempt, response: Response, _: Outcome) -> None:
        """Renew the token once for each request; CredentialsError when that does not help."""
        task, key = attempt.task, attempt.task.request.key
        self._record_request(task, response.status, "unauthorised")
        self._report(task, "unauthorised", "HTTP 401")
        error = self._keys.on_unauthorised(attempt.headers, self._context.clock.steady())
        if error is not None:
            raise error
        try:
            if key in self._renewed_keys or not await self._context.tokens.renew(attempt.headers):
                raise key_error(self._title, response.status)
        except TokenUnavailableError as unavailable:
            await self.handle(attempt, unavailable.received)
            return
        self._renewed_keys.add(key)
        self._retries.add(task, attempt.attempts)

    async def _stop_at_wall(self, attempt: Attempt, response: Response, outcome: Outcome) -> None:
        self._record_request(attempt.task, response.status, outcome.verdict)
        self._report(attempt.task, "bot_wall", outcome.reason)
        self._fail(wall_error(self._title, outcome.reason))

    async def _retry_unavailable(
        self, attempt: Attempt, response: Response, outcome: Outcome
    ) -> None:
        self._record_request(attempt.task, response.status, outcome.verdict)
        await self._retry_or_fail(attempt, True, outcome.reason)

    async def _retry_silent(self, attempt: Attempt, silence: NoResponse) -> None:
        reason = f"{silence.kind}: {silence.detail}"
        self._record_request(attempt.task, 0, silence.kind)
        await self._retry_or_fail(attempt, silence.is_retryable, reason)

    async def _retry_or_fail(self, attempt: Attempt, may_help: bool, reason: str) -> None:
        """Attempt a task again within bounds; settle it as failed after the last attempt.

        A source that is away is no fault of the task: it costs no attempt.
        """
        limiter, task, now = self._context.limiter, attempt.task, self._context.clock.steady()
        if may_help:
            limiter.on_failed(attempt.sent_at)
        else:  # it is there, and this request is not for it
            limiter.on_response(attempt.sent_at)
        self._fail(self._outages.on_failure(task.request.key, may_help, reason))
        is_hopeless = not may_help
        if self._outages.is_over and self._outages.is_own_fault:
            self._outages.give_up(now)
            is_hopeless = True
        if limiter.is_away and not is_hopeless and not self._outages.is_own_error:
            # Another task tries first, because this one may be what fails.
            pause_seconds = 2 * limiter.seconds_closed()
            self._retries.add_later(task, attempt.attempts, now + pause_seconds)
            self._report(task, "retried_call", reason)
            return
        if not is_hopeless and self._retries.add_failed(task, attempt.attempts, now):
            self._report(attempt.task, "retried_call", reason)
            return
        self._report(attempt.task, "failed_call", reason)
        self._recorder.skip_page(attempt.task)
        await self._settle(attempt.task, FAILED, _NO_RESPONSE)

    async def _settle_unanswered(
        self, attempt: Attempt, response: Response, outcome: Outcome
    ) -> None:
        """Settle a task that the source rejects for good: its node alone, or its endpoint.

        A batch is split, because one of its ids may be the reason.
        """
        task, verdict = attempt.task, outcome.verdict
        self._record_request(task, response.status, verdict)
        if self._is_absent(task, verdict):
            self._drop_endpoint(task.request.endpoint, response.status)
        elif self._retry_halves(task):
            return
        else:
            kind = "missing" if verdict == "missing" else f"{verdict}_call"
            self._report(task, kind, outcome.reason)
        self.counters.usable += verdict == "missing"
        passing = self._absence.may_pass(task.request.endpoint, verdict)
        self._recorder.skip_page(task)
        await self._settle(task, FAILED if passing else MISSING, response)

    def _is_absent(self, task: Task, verdict: str) -> bool:
        """Tell whether a refusal shows that the endpoint is absent, or still absent."""
        if verdict not in ("forbidden", "missing"):
            return False
        probes = task.request.endpoint in self._context.planner.absent
        return self._absence.is_absent(task, verdict) or probes

    def _retry_halves(self, task: Task) -> bool:
        """Attempt the halves of a refused batch; False when it cannot be split."""
        halves = self._splitter.halves(task)
        for half in halves:
            self._retries.add(half, 0)
        return bool(halves)

    def _drop_endpoint(self, endpoint: str, status: int) -> None:
        self.findings.add("capability_absent", f"{endpoint}: HTTP {status}", endpoint)
        self._context.frontier.mark_absent(endpoint, int(self._context.clock.wall()), status)
        self._context.planner.drop(endpoint)

    def _fail(self, error: PhonofilmError | None) -> None:
        if error is not None:
            self._ending.fail(error)

    def _report(self, task: Task, kind: str, reason: str) -> None:
        self.findings.add(kind, f"{task.request.key}: {reason}", task.request.endpoint)

    def _now_us(self) -> int:
        return int(self._context.clock.wall() * 1e6)

    async def _settle(self, task: Task, state: int, response: Response) -> None:
        self._context.frontier.settle(task, state, response, self._now_us(), None)
        if state == MISSING:
            self._recorder.note_looked_up(task)
        await self._context.writer.wait_durable()

    def _record_request(
        self, task: Task, status: int, verdict: str, recorded: RecordedResponse | None = None
    ) -> int:
        """Record a request in the frontier; return its number, counted over all runs."""
        gain = recorded.gain if recorded else 0.0
        discovered = recorded.discovered if recorded else {}
        if log.isEnabledFor(DEBUG):
            log.debug("call", key=task.request.key, status=status, verdict=verdict, gain=gain)
        return self._context.frontier.record_request(
            RequestRecord(
                endpoint=task.request.endpoint,
                answered_at=self._now_us(),
                status=status,
                verdict=verdict,
                queue=task.queue,
                gain=gain,
                discovered=msgspec.json.encode(discovered).decode() if discovered else "",
                run=self._context.run,
            )
        )
