"""How a source spells shared records: variants, typos, missing or wrong codes.

Every variant depends on the record and the source alone, so that the truth is known.
"""

from __future__ import annotations

import unicodedata

from phonofilm.sandbox.worlds import titles
from phonofilm.sandbox.worlds.hashing import mix, share
from phonofilm.sandbox.worlds.world import Artist, Track, World

_SECOND_MS = 1000
# Of 28,352 real tracks (January 2020) 3 % say that they are an edition. Of 24,888 songs 1.7 % stand
# there in two spellings: three in four differ in punctuation, one in capitals, few in letters.
_EDITIONS, _UNPUNCTUATED, _LOWER = 0.03, 0.013, 0.004


class SourceSpelling:
    """One source's ways. `salt` tells houses apart.

    `covers`: the share of artists it has; `slips`: of names with a typing error; `lost`, `wrong`:
    of codes; `guests`: whether titles name them.
    """

    def __init__(
        self,
        world: World,
        salt: int,
        covers: float = 1.0,
        slips: float = 0.02,
        lost: float = 0.1,
        wrong: float = 0.005,
        guests: bool = False,
    ) -> None:
        self.world, self.salt, self.covers = world, salt, covers
        self._slips, self._lost, self._wrong, self._guests = slips, lost, wrong, guests

    def has(self, artist: int) -> bool:
        """Tell whether this source has an artist with all albums and tracks."""
        return share(self.salt, artist, 1) < self.covers

    def has_track(self, row: Track) -> bool:
        """Tell whether this source has a track, which follows its first artist."""
        return bool(row.artists) and self.has(row.artists[0])

    def artist(self, row: Artist) -> str:
        """Return a name, sometimes without article, accents or capitals, or with a typo."""
        text, way = row.name, share(self.salt, row.index, 2)
        if way < 0.05 and text.startswith("The "):
            text = text[4:]
        elif way < 0.08 and text.startswith("The "):
            text = f"{text[4:]}, The"
        elif way < 0.12:
            text = _unaccented(text)
        elif way < 0.15:
            text = text.upper()
        return self._slip(text, row.index, 3)

    def title(self, row: Track) -> str:
        """Return a title in this source's style: brackets, guests, abbreviations, typos."""
        text, way = row.name or "", share(self.salt, row.recording, 4)
        if mix(self.salt, 5) % 2:
            head, dash, tail = text.partition(" - ")
            text = f"{head} ({tail})" if dash else text
        if way < 0.5:
            text = text.replace(", Pt. ", ", Part ").replace(" & ", " and ")
        if self._guests and len(row.artists) > 1:
            form = titles.GUESTS.choose(self.salt, row.recording, 13)
            text += form.format(guest=self.world.artist(row.artists[1]).name)
        if share(self.salt, row.recording, 6) < _EDITIONS:
            form = titles.EDITIONS.choose(self.salt, row.recording, 14)
            text += " - " + form.format(year=2001 + row.recording % 20)
        elif way > 1 - _LOWER:
            text = text.lower()
        elif way > 1 - _LOWER - _UNPUNCTUATED:
            text = "".join(c for c in text if c not in "'?!,.\"")
        return self._slip(text, row.recording, 7)

    def _slip(self, text: str, index: int, what: int) -> str:
        """Swap two neighbouring letters of a text, or drop one."""
        if len(text) < 5 or share(self.salt, index, what) >= self._slips:
            return text
        position = 1 + mix(self.salt, index, what + 10) % (len(text) - 3)
        if mix(self.salt, index, what + 11) % 2:
            return text[:position] + text[position + 1] + text[position] + text[position + 2 :]
        return text[:position] + text[position + 1 :]

    def isrc(self, row: Track) -> str | None:
        """Return the code, or none, or that of another recording; now and then with hyphens."""
        draw = share(self.salt, row.recording, 8)
        if row.isrc is None or draw < self._lost:
            return None
        if draw < self._lost + self._wrong:
            return self.world.track(mix(self.salt, row.recording, 9) % self._tracks()).isrc
        if draw > 0.98:
            code = row.isrc.lower()
            return f"{code[:2]}-{code[2:5]}-{code[5:7]}-{code[7:]}"
        return row.isrc

    def _tracks(self) -> int:
        return self.world.counts["tracks"]

    def duration_ms(self, row: Track) -> int | None:
        """Return the length, which differs by about a second, or None."""
        draw = share(self.salt, row.recording, 12)
        if draw < 0.03:
            return None
        return max(_SECOND_MS, row.duration_ms + int((draw - 0.5) * 2 * 1500))


def _unaccented(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
