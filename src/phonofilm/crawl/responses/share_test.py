"""Sequential test of one share: records that have a field, responses that have a key.

Page's cumulative sum (1954) weighs "the share is as it was" against "the share fell". It needs no
window, so a fall is noticed after the same few responses at the beginning of a crawl and after
thousands of good ones.
"""

from __future__ import annotations

from math import log

# The records of one response are alike, so that a page of them tells as much as three single ones:
# the correlation was chosen in November 2026, on the pages of all stand-ins, not tuned.
_CORRELATION = 0.3
# Odds of a false alarm are below 1 : 2,000 for a share that did not fall, by Wald's bound, and
# lower in long crawls, which have more occasions; an end of a crawl needs better evidence.
_ALARM_SCORE, _OFTEN_SCORE, _CERTAIN_SCORE = log(2_000), 11.5, 20.0
# A field that nearly all records have may fall to a half. Rarer ones differ so much from one artist
# or genre to the next that only their disappearance is news, and only after more responses; of the
# rarest a whole response counts as one record.
_NEARLY_ALWAYS, _OFTEN, _HIGHEST, _LOWEST = 0.95, 0.7, 0.99, 0.02
_HALF, _GONE = 0.5, 0.1
# Expectation from the manifest weighs as much as so many single records of this folder.
_EXPECTED_WEIGHT = 20.0
# Later responses still change the share of a folder that is old.
_WEIGHT_MAX = 500.0


class ShareTest:
    """Test of one share against what is expected and what came before.

    `expected` is the share (0 to 1) of a new folder, `weight` and `having` what earlier responses
    of this folder add to it, in single records. `records` and `lacking` count since the share
    began to fall.
    """

    __slots__ = (
        "_down",
        "_expected",
        "_pending",
        "_up",
        "_usual_weight",
        "having",
        "lacking",
        "records",
        "score",
        "usual",
        "weight",
    )

    def __init__(self, expected: float, weight: float = 0.0, having: float = 0.0) -> None:
        self._expected, self.weight, self.having = expected, weight, having
        self._pending = (0.0, 0.0)
        self.score = 0.0
        self.records = self.lacking = 0
        self._set_usual()

    def _set_usual(self) -> None:
        """Set the usual share and the scores of a record with and without."""
        self._usual_weight = self.weight
        all_having = self.having + self._expected * _EXPECTED_WEIGHT
        self.usual = all_having / (self.weight + _EXPECTED_WEIGHT)
        before = min(self.usual, _HIGHEST)
        after = before * (_HALF if before >= _NEARLY_ALWAYS else _GONE)
        is_rare = before < _LOWEST
        self._up = 0.0 if is_rare else log((1 - after) / (1 - before))
        self._down = 0.0 if is_rare else log(after / before)

    @property
    def is_nearly_always(self) -> bool:
        """True when nearly all records had it before."""
        return self.usual >= _NEARLY_ALWAYS

    @property
    def fell(self) -> bool:
        """True when the share fell."""
        alarm = _ALARM_SCORE if self.is_nearly_always else _OFTEN_SCORE
        if self.usual < _OFTEN:
            alarm = _CERTAIN_SCORE
        return self.score >= alarm + log(1 + self.weight / _EXPECTED_WEIGHT)

    @property
    def fell_for_certain(self) -> bool:
        """True when the evidence is good enough to end a crawl."""
        return self.fell and self.score >= _CERTAIN_SCORE

    def add(self, records: int, having: int) -> None:
        """Add the records of one response, and how many of them have it.

        What may be a fall counts as usual only when it turned out to be none.
        """
        correlation = _CORRELATION if self.usual >= _OFTEN else 1.0
        weight = records / (1 + (records - 1) * correlation)
        share = having / records
        score = self.score + weight * (share * self._down + (1 - share) * self._up)
        pending, pending_having = self._pending
        self._pending = (pending + weight, pending_having + weight * share)
        if score > 0:
            self.score = score
            self.records += records
            self.lacking += records - having
            return
        self.score = 0.0
        self.records = self.lacking = 0
        self._learn()

    def saved(self) -> list[float]:
        """Return weight and having, as a later run takes them."""
        return [round(self.weight, 2), round(self.having, 2)]

    def _learn(self) -> None:
        """Count what is pending as usual."""
        weight, having = self._pending
        self._pending = (0.0, 0.0)
        self.weight += weight
        self.having += having
        if self.weight > _WEIGHT_MAX:
            self.having *= _WEIGHT_MAX / self.weight
            self.weight = _WEIGHT_MAX
        if self.weight > 1.25 * self._usual_weight or self.weight == _WEIGHT_MAX:
            self._set_usual()
