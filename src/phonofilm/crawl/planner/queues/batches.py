"""Queue of nodes in the order of discovery, as many in a request as the endpoint takes."""

from __future__ import annotations

from phonofilm.crawl.frontier.values import Task
from phonofilm.crawl.planner.queues.base import NodeQueue, QueueOptions


class BatchQueue(NodeQueue):
    """Queue of batches; the same is expected of all."""

    def __init__(self, options: QueueOptions) -> None:
        super().__init__(options)
        self._next_index = 0  # of the nodes: those before it are in the batch or were passed over
        # Nodes in order, each once: one that is followed further stands in the list of nodes twice.
        self._batch: dict[int, None] = {}

    def on_discovery(self, queue: str = "") -> None:
        """Look for a request again, if there was none or some nodes are new."""
        self.stale = self.stale or self._best is None or self._next_index < len(self._nodes)

    def _find_best(self) -> float | None:
        return self.expected.gain.mean if self.ready() else None

    def ready(self) -> int:
        """Fill the next batch as far as nodes are known; return its size."""
        batch, index = self._batch, self._next_index
        if not batch and index >= len(self._nodes):
            return 0
        while batch and not self._is_open(first := next(iter(batch))):
            del batch[first]
        nodes, all_flags, size = self._nodes, self._flags, self.spec.batch
        flags_min, skip_mask = self._flags_min, self._skip_mask
        while len(batch) < size and index < len(nodes):
            node = nodes[index]
            index += 1
            flags = all_flags[node]
            # Most nodes are passed over by these two comparisons, without a method call.
            if flags >= flags_min and not flags & skip_mask and self._is_open(node):
                batch[node] = None
        self._next_index = index
        return len(batch)

    def take(self) -> Task:
        """Take the next batch."""
        nodes = [node for node in self._batch if self._is_open(node)]
        self._batch.clear()
        return self._task(nodes)

    def pending(self) -> int:
        """Return an upper bound of the open requests: nodes not passed yet, in batches."""
        nodes = len(self._batch) + len(self._nodes) - self._next_index
        return -(-nodes // self.spec.batch)
