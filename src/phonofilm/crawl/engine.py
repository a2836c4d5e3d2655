"""The engine: workers that send what the planner chooses as fast as the limiter allows."""

from __future__ import annotations

import asyncio

from phonofilm.crawl.context import CrawlContext
from phonofilm.crawl.ending import Ending, StopConditions
from phonofilm.crawl.frontier.values import Task
from phonofilm.crawl.guards import first_lists_error, useless_run_error
from phonofilm.crawl.outcomes import OutcomeHandler
from phonofilm.crawl.responses.recorder import ResponseRecorder
from phonofilm.crawl.retry_queue import Attempt, RetryQueue
from phonofilm.errors import PhonofilmError
from phonofilm.net.auth.token_server import TokenUnavailableError
from phonofilm.net.base import NoResponse
from phonofilm.net.send import send
from phonofilm.sources.contract import InvalidId, Response

# A sleep for the limiter ends at least so often, so that an interrupt is noticed soon.
_SLEEP_SECONDS_MAX = 0.5
_IDLE_SECONDS_MAX = 0.1


class Engine:
    """One crawl of one source.

    `crawl` ends by itself; `stop` lets the requests in flight finish. `counters`, `findings`,
    `recorder` and `ending` say at any moment what the crawl did so far.
    """

    def __init__(self, context: CrawlContext, workers: int = 4) -> None:
        self.context = context
        self.workers = workers
        self.recorder = ResponseRecorder(
            source=context.source,
            access=context.access,
            goal=context.goal,
            scope=context.scope,
            frontier=context.frontier,
            planner=context.planner,
            drift_share=context.drift_share,
        )
        context.writer.estimator_state = self.recorder.population.dump
        self.ending = Ending()
        self._retries = RetryQueue()
        self._conditions = StopConditions(context, self.recorder)
        self._outcomes = OutcomeHandler(context, self.recorder, self._retries, self.ending)
        self.counters, self.findings = self._outcomes.counters, self._outcomes.findings
        self._in_flight = self._mentions = 0
        self._running: list[asyncio.Task[None]] = []
        self._changed = asyncio.Event()

    async def crawl(self) -> None:
        """Crawl until the goal is met, nothing is left, or something ends the crawl.

        Raises the error that ended it, after everything before is committed.
        """
        self._running = [asyncio.create_task(self._work()) for _ in range(self.workers)]
        try:
            await asyncio.gather(*self._running)
        except asyncio.CancelledError:
            if self.ending.status != "interrupted":
                raise
        finally:
            for worker in self._running:
                worker.cancel()
            await asyncio.gather(*self._running, return_exceptions=True)
        if self.ending.error is None:
            self.context.writer.commit()
            self._judge_run()
            self._report_lists_given_up()
        if self.ending.error:
            raise self.ending.error

    def stop(self, status: str) -> None:
        """Make no further request; the first status stands."""
        self.ending.stop(status)
        self._changed.set()

    def interrupt(self) -> None:
        """Let the requests in flight finish; the second time, give them up."""
        if self.ending.status:
            for worker in self._running:
                worker.cancel()
        self.stop("interrupted")

    def _judge_run(self) -> None:
        """Fail a run that is no success: without a usable answer, or without a first list."""
        finding, title = self.findings.worst(), self.context.source.manifest.title
        if self.ending.status != "done" or not finding:
            return
        if self.counters.requests and not self.counters.usable:
            self.ending.fail(useless_run_error(title, finding))
        elif lists := [] if self.context.scope.closed else self.unanswered_seeds():
            self.ending.fail(first_lists_error(title, lists, finding))

    def unanswered_seeds(self) -> list[str]:
        """Return the seeds of which no request was answered, by id."""
        context = self.context
        seeds = context.scope.seeds(context.source, context.access)
        nodes = {context.frontier.seq_of(link.kind, link.id): link for link in seeds}
        known = [node for node in nodes if node is not None]
        return [nodes[node].id or "all" for node in context.frontier.unanswered(known)]

    def _report_lists_given_up(self) -> None:
        for lists in self.context.planner.forecast.lists_given_up():
            kind = "short_lists" if lists.ended else "lists_given_up"
            self.findings.add(kind, str(lists), lists.endpoint)

    async def _work(self) -> None:
        """Work off tasks until the crawl ends."""
        while not self.ending.status:
            task, attempts = self._next()
            if task is not None:
                await self._attempt(task, attempts)
            elif self._in_flight or self._retries:
                await self._wait_for_change()
            elif not (
                await self._replay_landed() or self._look_again() or await self._probe_absent()
            ):
                self._end_without_tasks()

    async def _replay_landed(self) -> bool:
        """Read landed responses about nodes that are followed further; tell if there were any."""
        context = self.context
        if not context.replay.waits:
            return False
        await context.writer.wait_sealed()
        context.replay.read_raised()
        self.recorder.count_known()
        context.planner.look_again()
        return True

    def _look_again(self) -> bool:
        """Look for requests about nodes that were followed further; tell if there were any.

        A look-up may raise its own node, which is no discovery that a queue waits for.
        """
        mentions = sum(map(len, self.context.frontier.index.by_kind.values()))
        if mentions == self._mentions:
            return False
        self._mentions = mentions
        self.context.planner.look_again()
        return True

    async def _probe_absent(self) -> bool:
        """Request an endpoint once that is taken for absent; False when all were, or none may."""
        task = None if self._must_stop() else self.context.planner.probe()
        if task is not None:
            await self._attempt(task, 0)
        return task is not None

    def _next(self) -> tuple[Task | None, int]:
        """Return the next task and its attempts before; None when there is none at the moment."""
        if self._must_stop():
            return None, 0
        retry = self._retries.pop(self.context.clock.steady())
        if retry is not None:
            return retry.task, retry.attempts
        return self._next_leased(), 0

    def _next_leased(self) -> Task | None:
        """Return the next task of the planner that no other worker has."""
        context, now = self.context, self.context.clock.wall()
        while (task := context.planner.next()) is not None:
            if context.frontier.lease(task, context.run, now):
                return task
        return None

    def _must_stop(self) -> bool:
        """Tell whether no further request may start; stop the crawl when none in flight counts."""
        requests = self.counters.requests
        if self._conditions.requests_used_up(requests + self._in_flight):
            if self._conditions.requests_used_up(requests):
                self.stop("stopped")
            return True
        if self._conditions.out_of_time():
            self.stop("stopped")
        elif self._conditions.goal_met():
            self.stop("goal")
        return bool(self.ending.status)

    def _end_without_tasks(self) -> None:
        """Stop when no task is left, or park when all that are left have no quota."""
        goal_met = self._conditions.goal_met()
        limiter = self.context.limiter
        if self.context.planner.quota_blocked and not goal_met:
            limiter.park(limiter.seconds_until_quota(), "all that is left has no quota")
            self.stop("parked")
        self.stop("goal" if goal_met else "done")

    async def _wait_for_change(self) -> None:
        """Wait until another worker finished something, or a retry may be due."""
        self._changed.clear()
        try:
            await asyncio.wait_for(self._changed.wait(), _IDLE_SECONDS_MAX)
        except TimeoutError:
            return

    async def _attempt(self, task: Task, attempts: int) -> None:
        """Send a task once the limiter allows, and handle what comes back."""
        self._in_flight += 1
        try:
            if await self._wait_for_limiter(task.request.endpoint):
                await self._send(task, attempts)
            else:
                self._retries.add(task, attempts)
        except PhonofilmError as error:
            self.ending.fail(error)
        finally:
            self._in_flight -= 1
            self._changed.set()

    async def _wait_for_limiter(self, endpoint: str) -> bool:
        """Wait until the limiter allows a request; False when the crawl ended meanwhile."""
        limiter = self.context.limiter
        while True:
            wait_seconds = limiter.wait(endpoint)
            if limiter.parked_until is not None:
                self.stop("parked")
            if not self.ending.status and self._conditions.out_of_time():
                self.stop("stopped")
            if self.ending.status:
                return False
            if wait_seconds <= 0:
                limiter.on_sent(endpoint)
                return True
            await self.context.clock.sleep(min(wait_seconds, _SLEEP_SECONDS_MAX))

    def _reserve(self, endpoint: str) -> int | None:
        """Reserve a request at a source whose budget outlives the run; return the permit."""
        context = self.context
        if not context.limiter.has_long_budget:
            return None
        return context.frontier.store.reserve(endpoint, int(context.clock.wall() * 1e6))

    async def _send(self, task: Task, attempts: int) -> None:
        context = self.context
        headers: dict[str, str] = {}
        received: Response | NoResponse
        sent_at, permit = context.clock.steady(), None
        try:
            headers = await context.tokens.headers()
            sent_at, permit = context.clock.steady(), self._reserve(task.request.endpoint)
            received = await send(
                context.source,
                context.access,
                task.request,
                context.sender,
                headers,
                context.elsewhere,
            )
        except InvalidId as error:
            if permit is not None:
                context.frontier.use_permit(permit)
            await self._outcomes.settle_unsent(task, str(error))
            return
        except TokenUnavailableError as error:
            received = error.received
        finally:
            context.limiter.on_returned()
        attempt = Attempt(
            task=task, attempts=attempts, sent_at=sent_at, headers=headers, permit=permit
        )
        await self._outcomes.handle(attempt, received)
