"""Refused batches, split in halves until the ids that are refused stand alone.

One id can cost a whole batch: a stray comma, an id of another kind, an item that was withdrawn. A
half that is answered is settled; a bad id among 50 costs about eleven requests more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from phonofilm.crawl.frontier.values import Task

# Requests of an endpoint that is not known to answer, after which its batches are left whole: twice
# as many as it takes to isolate one id of 100.
_FRUITLESS_MAX = 16


class BatchSplitter:
    """Splits refused tasks; an endpoint that refuses every part is left alone."""

    def __init__(self, has_answered: Callable[[str], bool]) -> None:
        self._has_answered = has_answered
        self._refused: Counter[str] = Counter()

    def halves(self, task: Task) -> tuple[Task, ...]:
        """Return the two halves of a refused batch; none for single ids and further pages."""
        request = task.request
        self._refused[request.endpoint] += 1
        if len(request.ids) < 2 or task.continuation_row is not None:
            return ()
        fruitless = self._refused[request.endpoint] > _FRUITLESS_MAX
        if fruitless and not self._has_answered(request.endpoint):
            return ()
        middle = len(request.ids) // 2
        return _part(task, 0, middle), _part(task, middle, len(request.ids))


def _part(task: Task, start: int, end: int) -> Task:
    request = task.request._replace(ids=task.request.ids[start:end])
    return task._replace(request=request, nodes=task.nodes[start:end])
