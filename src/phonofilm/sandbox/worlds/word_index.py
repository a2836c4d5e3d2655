"""Words of names and titles, as searches of catalogues compare them."""

from __future__ import annotations

import unicodedata
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property, lru_cache


def words_of(text: str) -> list[str]:
    """Return words without accents and capitals; what is neither letter nor digit separates."""
    if not text.isascii():
        plain = (c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
        text = unicodedata.normalize("NFC", "".join(plain))
    return "".join(c if c.isalnum() else " " for c in text.casefold()).split()


class WordIndex:
    """Rows by the words of their texts, each list in the order of the rows.

    `empty` makes a list of rows, such as `list` or a compact array.
    """

    def __init__(
        self, texts: Iterable[tuple[int, str]], empty: Callable[[], Sequence[int]] = list
    ) -> None:
        rows: dict[str, Sequence[int]] = defaultdict(empty)
        apart = lru_cache(maxsize=100_000)(lambda text: tuple(set(words_of(text))))
        for row, text in texts:
            for word in apart(text):
                rows[word].append(row)  # type: ignore[attr-defined]
        self._rows = dict(rows)

    @cached_property
    def _words(self) -> list[str]:
        return sorted(self._rows)

    def whole(self, text: str) -> list[int]:
        """Return the rows that hold all words of a text."""
        lists = [self._rows.get(word, ()) for word in words_of(text)]
        if not lists:
            return []
        keep = set(lists[0]).intersection(*lists[1:])
        return [row for row in lists[0] if row in keep]

    def begun(self, text: str) -> set[int]:
        """Return the rows that hold all words of a text, of the last word its beginning."""
        *first, last = words_of(text) or [""]
        if not last:
            return set()
        start = bisect_left(self._words, last)
        rows: set[int] = set()
        for word in self._words[start:]:
            if not word.startswith(last):
                break
            rows.update(self._rows[word])
        return rows.intersection(*(self._rows.get(word, ()) for word in first))
