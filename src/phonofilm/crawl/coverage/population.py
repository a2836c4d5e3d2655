"""How many things there are that no answer has named yet.

Two kinds of evidence meet here. Lists say how many stand in them, and things say in which lists
they stand, so those that stand in any list (tagged) can be counted almost exactly. Related ones
come from everywhere: how much of the tagged part they have named tells how much of the rest (bare:
in no list) they have named too. The interval is wide enough for what both do not see; its constants
were set on closed worlds and tried on others. Plain Chao1 misses the truth nearly always, because
what is easily met is met first.
"""

from __future__ import annotations

import math
from array import array
from collections import Counter, deque
from collections.abc import Sequence

import msgspec

from phonofilm.crawl.intervals import Range, Z

# Relative errors, one standard deviation: of gaps in lists asked for, in lists not asked for.
_ASKED_ERROR, _OPEN_ERROR = 0.12, 0.5
# Bare against tagged differs from region to region by so much more than counting errors (log).
_UNEVEN = 0.4
_MOST_TREND, _SLACK = 2.0, 1.4
# Things of one answer are alike: two of them tell as much as one. A third is bare before any came.
_ALIKE, _BARE_SHARE, _BARE_WEIGHT = 2.0, 0.33, 4.0
_ALONE_LOW, _ALONE_HIGH, _ALONE_MORE = 2.0, 2.5, 0.03
_MENTIONS, _TAGGED = 3, 4
_NEWEST = 400
# Lists of fewer members are short: they are known by few, and told of less often.
_LONG = 8


class _Kept(msgspec.Struct):
    """What outlives a run; evidence by thing is left out of very large crawls."""

    own: bytes
    seen: bytes
    totals: dict[int, int]
    crossed: dict[int, int]
    counts: list[float]
    newest: list[tuple[list[tuple[int, ...]], int]]


class PopulationEstimator:
    """Evidence about one kind of thing, answer by answer; nodes are the frontier's numbers."""

    def __init__(self, members: Counter[int], related: bool) -> None:
        self._members = members
        self._related = related
        self._own = array("i")  # by node: the list that brought it; -1 once another call did too
        self._seen = bytearray()  # by node: mentions by related calls up to 3, and 4 when tagged
        self._totals: dict[int, int] = {}  # lists that said how long they are
        self._crossed: Counter[int] = Counter()  # known members that other calls brought
        self._newest: deque[tuple[list[tuple[int, ...]], int]] = deque()  # by answer
        self._newest_count = 0
        self.known = self.tagged = self.asked_related = 0
        self._gap = 0
        # Of short and of long lists: members known of those not asked for; of those asked for, all
        # members, and those that other calls brought.
        self._open_members, self._all_totals, self._all_crossed = [0, 0], [0, 0], [0, 0]
        self._listed = False
        self._often = [0, 0, 0, 0]  # bare ones mentioned once, twice, oftener (0 is not used)
        self._often_all = [0, 0, 0, 0]
        self._items, self._mentioned = [0, 0], [0, 0]  # of related answers: tagged, bare
        self._first = [0.0, 0.0]  # first mentions of late: tagged, bare
        self._other, self._other_calls = [0.0, 0.0], 0  # of late: new, items of other lists
        self._new = [0.0, 0.0]  # of late: new things, related calls

    def add(
        self,
        nodes: list[int],
        lists: list[tuple[int, ...]],
        members: dict[int, int],
        own: int,
        related: bool,
    ) -> None:
        """Things became known with the lists they stand in, by list `own`, by a related call.

        `members` says how many of them stand in each list; all known members are counted before.
        """
        self._reach(max(nodes))
        self._listed = self._listed or not related
        self.known += len(nodes)
        brought, seen = self._own, self._seen
        marks = [own if own in places else -1 for places in lists] if own else [-1] * len(nodes)
        for node, mark, places in zip(nodes, marks, lists, strict=True):
            brought[node] = mark
            if places:
                seen[node] |= _TAGGED
        self.tagged += len(nodes) - lists.count(())
        self._newest.append((lists, own))
        self._newest_count += len(lists)
        while self._newest_count - len(self._newest[0][0]) >= _NEWEST:
            self._newest_count -= len(self._newest.popleft()[0])
        for place, number in members.items():
            self._count_in(place, number)
            if place != own:
                self._cross(place, number)

    def _reach(self, node: int) -> None:
        if node >= len(self._seen):
            more = max(4096, node + 1 - len(self._seen))
            self._seen.extend(bytes(more))
            self._own.frombytes(bytes(more * self._own.itemsize))

    def _count_in(self, place: int, number: int) -> None:
        known, total = self._members[place], self._totals.get(place)
        if total is not None:
            self._gap -= max(0, total - known + number) - max(0, total - known)
        elif known >= _LONG > known - number:  # grown out of the short ones
            self._open_members[0] -= known - number
            self._open_members[1] += known
        else:
            self._open_members[known >= _LONG] += number

    def _cross(self, place: int, number: int = 1) -> None:
        self._crossed[place] += number
        if place in self._totals:
            self._all_crossed[self._totals[place] >= _LONG] += number

    def add_known(self, nodes: Sequence[int], own: int) -> None:
        """Known things came again, by another call than the list that brought them or by that."""
        held, size = self._own, len(self._own)
        for node in nodes:
            if node < size and held[node] > 0 and held[node] != own:
                self._cross(held[node])
                held[node] = -1

    def set_list_size(self, place: int, total: int) -> None:
        """A list said how long it is; `meet` of what it told comes after."""
        if place not in self._totals:
            known, crossed = self._members[place], self._crossed[place]
            # Who made the list known says nothing of how likely its members are met elsewhere.
            finder = min(1, crossed)
            self._totals[place] = total
            self._open_members[known >= _LONG] -= known
            self._gap += max(0, total - known)
            self._all_totals[total >= _LONG] += max(0, total - finder)
            self._all_crossed[total >= _LONG] += crossed - finder

    def close_list(self, place: int) -> None:
        """A list has no further page: where only lists lead on, what it kept back stays there."""
        if not self._related and place in self._totals:
            known = self._members[place]
            self._gap -= max(0, self._totals[place] - known)
            self._totals[place] = min(known, self._totals[place])

    def share_of(self, place: int) -> Range:
        """The known share of one list: told, or as likely as meeting its members elsewhere is."""
        known, total = self._members[place], self._totals.get(place)
        if total is not None:
            share = min(1.0, known / total) if total else 1.0
            return Range(share, share, share)
        share = self._met_elsewhere(known >= _LONG)
        spread = math.exp(Z * math.hypot(_OPEN_ERROR, 1 / math.sqrt(known + 1)))
        return Range(share, share / spread, min(1.0, share * spread))

    def add_unlinked_response(self, items: int, new: int) -> None:
        """What a list named that says nothing of its members: a year, a chart."""
        self._other_calls += 1
        keep = max(0.0, 1 - 3 / self._other_calls)
        self._other = [self._other[0] * keep + new, self._other[1] * keep + items]

    def add_related_response(self, nodes: list[int], new: int) -> None:
        """What a call about related things named, known or not; `meet` comes before."""
        self.asked_related += 1
        keep = max(0.0, 1 - 3 / self.asked_related)
        for recent in (self._first, self._new):
            recent[0] *= keep
            recent[1] *= keep
        self._new[0] += new
        self._new[1] += 1
        for node in nodes:
            if node < len(self._seen):
                self._mention(node)

    def _mention(self, node: int) -> None:
        seen = self._seen[node]
        times, bare = seen & _MENTIONS, not seen & _TAGGED
        self._items[bare] += 1
        if not times:
            self._mentioned[bare] += 1
            self._first[bare] += 1
        if times < _MENTIONS:
            self._seen[node] = seen + 1
            for often in (self._often_all, self._often)[: 1 + bare]:
                often[times] -= 1
                often[times + 1] += 1

    def unknown(self, left: int, lists_open: bool) -> Range:
        """Things not known yet. `left`: known ones whose related were not asked for."""
        if not self._related:
            left = 0
        if not left and not lists_open:
            return Range(0.0, 0.0, 0.0)
        if not self.known:
            return Range(math.inf, 0.0, math.inf)
        if not sum(self._all_totals):
            return self._without_totals(left)
        found = self._tagged_unknown()
        found = self._with_bare(found, left) if self._related else self._by_lists_alone(found)
        if not lists_open:
            most = self._most(left)
            low = found.low if found.low < most else 0.0
            found = Range(min(most, found.middle), low, min(most, found.high))
        return found

    def _tagged_unknown(self) -> Range:
        gap, beyond = max(0, self._gap), 0.0
        for long, members in enumerate(self._open_members):
            beyond += members * (1 / self._met_elsewhere(bool(long)) - 1)
        weighted, weight = 8.0, 5.0  # five things in 1.6 lists each, before any is known
        for lists, by_list in self._newest_lists():
            asked = sum(place in self._totals for place in lists)
            counts = 1 / max(1, asked) if by_list else 1.0  # long lists of lists are met oftener
            weighted, weight = weighted + counts * len(lists), weight + counts
        middle = (gap + beyond) * weight / weighted
        error = math.hypot(_ASKED_ERROR * gap, _OPEN_ERROR * beyond) / max(1.0, gap + beyond)
        spread = math.exp(Z * math.sqrt(error**2 + 2 / (middle + 2)))
        return Range(middle, middle / spread, middle * spread)

    def _newest_lists(self) -> list[tuple[tuple[int, ...], bool]]:
        """The lists of the newest tagged things, and whether one of them brought it."""
        things = [
            (places, own in places) for lists, own in self._newest for places in lists if places
        ]
        return things[-_NEWEST:]

    def _met_elsewhere(self, long: bool) -> float:
        """How likely a member of a list is met without it."""
        crossed, totals = self._all_crossed, self._all_totals
        overall = min(1.0, (sum(crossed) + 0.5) / (sum(totals) + 1))
        return min(1.0, (crossed[long] + 5 * overall) / (totals[long] + 5))

    def _by_lists_alone(self, tagged: Range) -> Range:
        """Where only searches lead on, what other lists show as new is the second witness.

        What no word known so far finds is seen by neither: the range is wide for that.
        """
        new, items = self._other
        share = min(0.9, new / items) if items else 0.0
        middle = max(tagged.middle, self.known * share / (1 - share))
        high = middle * _ALONE_HIGH + _ALONE_MORE * self.known
        return Range(middle, middle / _ALONE_LOW, high)

    def _with_bare(self, tagged: Range, left: int) -> Range:
        rest = max(0.0, self.tagged + tagged.middle - self._mentioned[0])
        bare = self._bare_unknown(rest, left)
        middle = tagged.middle + bare.middle
        down = math.hypot(tagged.middle - tagged.low, bare.middle - bare.low)
        low = middle - down if self._mentioned[1] else tagged.low
        up = math.hypot(tagged.high - tagged.middle, bare.high - bare.middle)
        return Range(middle, max(0.0, low), middle + up)

    def _bare_unknown(self, rest: float, left: int) -> Range:
        """`rest`: tagged things that related calls have not named; each stands for some bare."""
        share, low, high = self._bare_share()
        base = rest * _odds(share)
        if not self._mentioned[1]:
            return Range(base / (1 + self.asked_related), 0.0, rest * _odds(high))
        trend, seldom = self._trend(), self._seldom()
        reached = self._mentioned[0] / max(1.0, self._mentioned[0] + rest)
        once, twice = self._often[1], self._often[2]
        chao = once * (once - 1) / 2 / (twice + 1) * reached**8
        middle = base * math.sqrt(min(trend, _MOST_TREND) * seldom) + chao
        new_per_call = self._new[0] / max(1.0, self._new[1])
        beyond = max(0.0, 1 - _SLACK / trend) * left * new_per_call
        up = math.hypot(Z * _UNEVEN, math.log(_odds(high) / _odds(share)))
        down = math.hypot(Z * _UNEVEN, math.log(_odds(share) / _odds(low)))
        return Range(middle, min(middle, base) * math.exp(-down), middle * math.exp(up) + beyond)

    def _bare_share(self) -> Range:
        """The bare share of first mentions of late, with Wilson's interval."""
        number = sum(self._first) / _ALIKE + _BARE_WEIGHT
        share = (self._first[1] / _ALIKE + _BARE_SHARE * _BARE_WEIGHT) / number
        square = Z * Z / number
        centre = (share + square / 2) / (1 + square)
        half = Z * math.sqrt(share * (1 - share) / number + square / number / 4) / (1 + square)
        return Range(share, centre - half, centre + half)

    def _trend(self) -> float:
        """How much barer first mentions became: bare things lie deeper."""
        if self.asked_related < 20:
            return 1.0
        overall = self._mentioned[1] / (self._mentioned[0] + 1)
        recent = (self._first[1] + 0.5) / (self._first[0] + 0.5)
        return max(1.0, min(recent, 8 * overall) / overall)

    def _seldom(self) -> float:
        """How much more often a tagged thing is named than a bare one."""
        often = [self._items[i] / max(1, self._mentioned[i]) for i in (0, 1)]
        return max(1.0, often[0] / often[1]) if often[1] else 1.0

    def _most(self, left: int) -> float:
        """What related calls alone can bring: each new thing opens one more of the same yield."""
        rate = (self._new[0] + 1) / (self._new[1] + 1)
        return left * rate / (1 - rate) * 2 + 1 if rate < 0.9 else math.inf

    def _without_totals(self, left: int) -> Range:
        """No list says how long it is: wide on purpose."""
        if not self.asked_related or left <= 0:
            return Range(self.known, self.known / 49, self.known * 49)
        once, twice = self._often_all[1], self._often_all[2]
        # Beside lists, mentions alone say too much: what is listed is mentioned oftener.
        chao = 0.0 if self._listed else once * (once - 1) / 2 / (twice + 1)
        middle = max(0.5 * left, chao)
        rate = min(1.0, self._new[0] / max(1.0, self._new[1]))
        return Range(middle, max(0.03 * left, 0.5 * chao), 6 * middle + self.known * rate)

    def dump(self) -> bytes:
        """What outlives a run."""
        counts = [
            self.known,
            self.tagged,
            self.asked_related,
            self._gap,
            *self._all_totals,
            *self._all_crossed,
            *self._open_members,
            *self._often,
            *self._often_all,
            *self._items,
            *self._mentioned,
            int(self._listed),
            self._other_calls,
            *self._other,
            *self._first,
            *self._new,
        ]
        held = _Kept(
            self._own.tobytes(),
            bytes(self._seen),
            self._totals,
            dict(self._crossed),
            counts,
            list(self._newest),
        )
        return msgspec.msgpack.encode(held)

    def restore(self, kept: bytes) -> None:
        """Goes on from what an earlier run kept; what another version kept is left alone."""
        try:
            held = msgspec.msgpack.decode(kept, type=_Kept)
        except msgspec.DecodeError:
            return
        self._own.frombytes(held.own)
        self._seen.extend(held.seen)
        self._totals, self._crossed = held.totals, Counter(held.crossed)
        self._newest.extend(held.newest)
        self._newest_count = sum(len(lists) for lists, _ in held.newest)
        counts = [int(value) for value in held.counts[:-6]]
        self.known, self.tagged, self.asked_related, self._gap = counts[:4]
        self._all_totals, self._all_crossed = counts[4:6], counts[6:8]
        self._open_members = counts[8:10]
        self._often, self._often_all = counts[10:14], counts[14:18]
        self._items, self._mentioned = counts[18:20], counts[20:22]
        self._listed, self._other_calls = bool(counts[22]), counts[23]
        late = held.counts[-6:]
        self._other, self._first, self._new = late[:2], late[2:4], late[4:]


def _odds(share: float) -> float:
    return share / max(1e-9, 1 - share)
