"""The film side of the world: titles, people, credits, names elsewhere, episodes, ratings.

Shares and means are those of IMDb's dumps of October 2026: 77 % episodes, 7.7 credits and 4.6 other
names a title, 1.2 people a title, a rating for one in eight. Every fortieth title is a series, and
the episodes after it are its own. Composers bear the names of the music side's artists.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from msgspec import Struct

from phonofilm.sandbox.worlds import film_words, titles, words
from phonofilm.sandbox.worlds.hashing import mix, pick, share

BLOCK = 40
_MASK = (1 << 64) - 1
_ODD = 6_364_136_223_846_793_005
# What is no series and no episode, in per mille of those.
_KINDS = (
    ("short", 448),
    ("movie", 292),
    ("video", 128),
    ("tvMovie", 60),
    ("tvSpecial", 24),
    ("tvMiniSeries", 24),
    ("videoGame", 19),
    ("tvShort", 5),
)
_PLAIN_KINDS = tuple(name for name, weight in _KINDS for _ in range(weight))
GENRES = (
    "Drama",
    "Comedy",
    "Talk-Show",
    "Short",
    "Documentary",
    "News",
    "Romance",
    "Family",
    "Reality-TV",
    "Animation",
    "Crime",
    "Action",
    "Music",
    "Adventure",
    "Game-Show",
    "Adult",
    "Sport",
    "Fantasy",
    "Horror",
    "Thriller",
    "Mystery",
    "Sci-Fi",
    "History",
    "Biography",
    "Musical",
    "War",
    "Western",
    "Film-Noir",
)
CATEGORIES = (
    "actor",
    "actress",
    "director",
    "writer",
    "producer",
    "composer",
    "actor",
    "actress",
    "cinematographer",
    "editor",
    "self",
    "production_designer",
)
REGIONS = ("JP", "US", "DE", "FR", "IN", "ES", "IT", "PT", "BR", "PL", "HU", "GB")
CERTIFICATES = ("G", "PG", "PG-13", "R", "TV-14", "TV-PG", "TV-MA", "Not Rated")


class Title(Struct, frozen=True, gc=False):
    """A title; `number` is what stands behind its `tt`. `series` is the index of its series."""

    index: int
    number: int
    kind: str
    name: str
    original_name: str
    adult: bool
    start_year: int | None
    end_year: int | None
    runtime_minutes: int | None
    genres: tuple[str, ...]
    anime: bool
    country: str
    series: int | None


class Credit(Struct, frozen=True, gc=False):
    """Somebody's part in a title, in the order of the credits."""

    ordering: int
    person: int
    category: str
    job: str | None
    character: str | None


class FilmWorld:
    """Titles computed from a seed; the same arguments give the same titles for ever."""

    def __init__(self, titles: int = 3000, seed: int = 7) -> None:
        self.name = f"films-{titles}-{seed}"
        self.seed, self.titles = seed, titles
        self.people = max(12, titles * 6 // 5)
        self.title = lru_cache(maxsize=20_000)(self._title)

    @property
    def counts(self) -> dict[str, int]:
        """Count the records by kind."""
        return {"titles": self.titles, "people": self.people, "anime": len(self.anime())}

    def tconst(self, index: int) -> str:
        """Return the id of a title; gaps as real ids have."""
        return f"tt{1_000_000 + index * 7 + index % 3:07d}"

    def nconst(self, person: int) -> str:
        """Return the id of a person."""
        return f"nm{1 + person * 3:07d}"

    def index_of(self, tconst: str) -> int | None:
        """Return the title behind an id, or None."""
        digits = tconst.removeprefix("tt")
        if not digits.isascii() or not digits.isdigit():
            return None
        index = (int(digits) - 1_000_000) // 7
        return index if 0 <= index < self.titles and self.tconst(index) == tconst else None

    def kind(self, index: int) -> str:
        """Return the type of a title."""
        if index % BLOCK == 0:
            return "tvSeries"
        roll = mix(self.seed, index, 100)
        return "tvEpisode" if roll % 1000 < 795 else _PLAIN_KINDS[(roll >> 20) % 1000]

    def is_anime(self, index: int) -> bool:
        """Tell whether a title is anime: Japanese animation, episodes included."""
        root = index - index % BLOCK if self.kind(index) == "tvEpisode" else index
        return mix(self.seed, root, 101) % 1000 < 35 and self.kind(root) in (
            "tvSeries",
            "movie",
            "tvMovie",
            "tvSpecial",
            "video",
        )

    def anime(self) -> list[int]:
        """Return all anime except episodes."""
        return [i for i in range(self.titles) if self.kind(i) != "tvEpisode" and self.is_anime(i)]

    def _title(self, index: int) -> Title:
        seed, kind, anime = self.seed, self.kind(index), self.is_anime(index)
        roll = mix(seed, index, 102)
        year = None if roll % 25 == 0 else 2026 - int((roll >> 8) % 1000 / 1000 * (roll >> 20) % 70)
        ended = kind == "tvSeries" and year is not None and (roll >> 30) % 2 == 0
        minutes = (
            None if (roll >> 33) % 3 == 0 else 1 + (roll >> 36) % (30 if kind[:2] == "tv" else 140)
        )
        name = titles.title(seed, index, 203)
        if roll % 997 == 0:
            name = pick(film_words.AWKWARD, seed, index, 104).format(a=name)
        original = film_words.japanese(seed, index) if anime else name
        return Title(
            index,
            1_000_000 + index * 7 + index % 3,
            kind,
            name,
            original,
            (roll >> 41) % 400 == 0,
            year,
            min(2026, year + 3) if ended and year else None,
            minutes,
            self._genres(index, anime),
            anime,
            "JP" if anime else REGIONS[(roll >> 50) % 12],
            index - index % BLOCK if kind == "tvEpisode" else None,
        )

    def _genres(self, index: int, anime: bool) -> tuple[str, ...]:
        roll = mix(self.seed, index, 105)
        own = {GENRES[int(((roll >> n) & 1023) ** 2 / 1048576 * 28)] for n in (10, 20, 30)}
        if anime:
            return tuple(sorted(["Animation", *sorted(own - {"Animation"})[:2]]))
        return tuple(sorted(own))[: 1 + roll % 3] if roll % 17 else ()

    def credits(self, index: int) -> list[Credit]:
        """Return the principal credits of a title, at most ten."""
        roll = mix(self.seed, index, 106)
        count, cursor, credits_ = 5 + roll % 6, roll & 0xFFFFFFFF, []
        for ordering in range(1, count + 1):
            cursor = (cursor * _ODD + 1_442_695_040_888_963_407) & _MASK
            category = CATEGORIES[(cursor >> 40) % 12]
            # The square makes some people busy: real credits are as uneven.
            person = int(((cursor >> 20) & 0xFFFFF) ** 2 / (1 << 40) * self.people)
            acts = category in ("actor", "actress", "self")
            character = film_words.NAMES[(cursor >> 33) % len(film_words.NAMES)] if acts else None
            job = "screenplay" if category == "writer" and (cursor >> 50) % 3 == 0 else None
            credits_.append(Credit(ordering, person, category, job, character))
        return credits_

    def akas(
        self, index: int
    ) -> Iterator[tuple[int, str, str | None, str | None, str | None, bool]]:
        """Return ordering, name, region, language, type, whether it is the original one."""
        title, roll = self.title(index), mix(self.seed, index, 107)
        yield 1, title.original_name, None, None, "original", True
        if title.anime:
            yield 2, title.original_name, "JP", None, "imdbDisplay", False
        first = 3 if title.anime else 2
        for ordering in range(first, first + roll % 9):
            region = REGIONS[(roll >> (4 * ordering)) % 12]
            kind = "imdbDisplay" if roll % 2 else None
            name, language = title.name, "en" if region == "IN" else None
            if region == "JP" and not title.anime:  # shown there under a Japanese name
                name, language = film_words.japanese(self.seed, index), "ja"
            yield ordering, name, region, language, kind, False

    def rating(self, index: int) -> tuple[float, int] | None:
        """Return mean and number of votes; most titles have none."""
        roll = mix(self.seed, index, 108)
        if roll % 8 and not (self.is_anime(index) and self.kind(index) != "tvEpisode"):
            return None
        votes = 5 + int(2 ** ((roll >> 8) % 1000 / 1000 * 19))
        return round(2 + ((roll >> 20) % 80 + (roll >> 30) % 80) / 20, 1), votes

    def episode(self, index: int) -> tuple[int | None, int | None]:
        """Return season and number of an episode; one in five has none."""
        if mix(self.seed, index, 109) % 100 < 21:
            return None, None
        position = index % BLOCK - 1
        return 1 + position // 12, 1 + position % 12

    def person(self, index: int) -> tuple[str, int | None, int | None]:
        """Return name, year of birth, year of death."""
        roll = mix(self.seed, index, 110)
        name = (
            words.artist_name(self.seed, index // 50)
            if index % 50 == 0
            else film_words.person(roll)
        )
        born = 1900 + (roll >> 8) % 105 if roll % 6 == 0 else None
        died = born + 60 if born and born < 1960 and roll % 4 == 0 else None
        return name, born, died

    def certificate(self, index: int, country: str = "US") -> str | None:
        """Return the certificate of a country; it is often missing."""
        roll = mix(self.seed, index, sum(country.encode()))
        return None if roll % 4 == 0 else CERTIFICATES[(roll >> 8) % 8]

    def release_date(self, index: int) -> tuple[int, int | None, int | None] | None:
        """Return year, month, day; as precise as it is known."""
        year = self.title(index).start_year
        roll = mix(self.seed, index, 111)
        if year is None:
            return None
        month = None if roll % 10 == 0 else 1 + (roll >> 8) % 12
        return year, month, None if roll % 7 == 0 or month is None else 1 + (roll >> 16) % 28

    def plot(self, index: int) -> str | None:
        """Return two sentences, or None."""
        if share(self.seed, index, 112) < 0.15:
            return None
        return film_words.plot(self.seed, index)

    def keywords(self, index: int) -> tuple[str, ...]:
        """Return the keywords; only these mark anime, the dumps do not."""
        own = {pick(film_words.KEYWORDS, self.seed, index, n) for n in (113, 114, 115)}
        return (*(("anime",) if self.is_anime(index) else ()), *sorted(own))

    def poster(self, index: int) -> str | None:
        """Return the name of a picture's file, or nothing."""
        if share(self.seed, index, 116) < 0.1:
            return None
        return f"{self.tconst(index)}.jpg"
