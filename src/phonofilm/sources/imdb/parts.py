"""`--only`: which titles a partial import keeps, and which rule kept each.

IMDb's dumps have no keyword, so no "anime". A map of ids that people keep decides where there is
one. Without it the origin does, as far as the dumps say: Animation whose original name is that in
Japan. A name in Japanese says nothing, because every film that is shown in Japan has one.
"""

from __future__ import annotations

from phonofilm.errors import UsageError
from phonofilm.sources.bulk.contract import Rule

_TYPES = {
    "movies": ("movie", "tvMovie"),
    "series": ("tvSeries", "tvMiniSeries"),
    "shorts": ("short", "tvShort"),
    "episodes": ("tvEpisode",),
    "videos": ("video",),
    "specials": ("tvSpecial",),
    "games": ("videoGame",),
}
NAMES = ("anime", *_TYPES)
_ANIMATION = """FROM "title.basics" b WHERE 'Animation' IN words(b.genres, ',')
    AND b.titleType NOT IN ('tvEpisode', 'videoGame')"""
_AKA = f"""SELECT DISTINCT a.titleId FROM "title.akas" a
    WHERE a.titleId IN (SELECT b.tconst {_ANIMATION}) AND"""
# Hiragana, katakana and the characters of kanji.
_SCRIPT = "'[\\x{3040}-\\x{30ff}\\x{4e00}-\\x{9fff}]'"

_ANIME = (
    Rule(
        "Animation, original name in Japan",
        f"{_AKA} a.region = 'JP' AND (a.isOriginalTitle = '1' OR a.types = 'original')",
    ),
    Rule(
        "Animation, original name in Japanese script",
        f"SELECT b.tconst {_ANIMATION} AND regexp_matches(b.originalTitle, {_SCRIPT})",
    ),
    Rule(
        "Animation, original name as in Japan",
        f"""SELECT DISTINCT b.tconst FROM "title.akas" a JOIN "title.basics" b
        ON b.tconst = a.titleId WHERE a.region = 'JP' AND a.title = b.originalTitle
        AND coalesce(a.language, '') <> 'en' AND b.tconst IN (SELECT b.tconst {_ANIMATION})""",
    ),
)
_MAPPED = Rule(
    "id map", 'SELECT b.tconst FROM "title.basics" b WHERE b.tconst IN (SELECT id FROM id_map)'
)
_EPISODES = Rule(
    "episode of a series that was kept",
    """SELECT e.tconst FROM "title.episode" e WHERE e.parentTconst IN (SELECT id FROM kept)""",
)


def rules(only: str, id_map: bool) -> list[Rule]:
    """Return the rules of a part, the strongest first; UsageError for a part that is not known."""
    rules_: list[Rule] = []
    for word in only.split(","):
        if word == "anime":
            rules_ += [*([_MAPPED] if id_map else _ANIME), _EPISODES]
        elif word in _TYPES:
            types = ", ".join(f"'{name}'" for name in _TYPES[word])
            sql = f'SELECT b.tconst FROM "title.basics" b WHERE b.titleType IN ({types})'
            rules_.append(Rule(f"type {', '.join(_TYPES[word])}", sql))
        else:
            raise UsageError(
                f"There is no part called {word!r}.", next_step=f"Parts: {', '.join(NAMES)}."
            )
    return rules_


def tables_of(only: str) -> tuple[str, ...]:
    """Return the tables that the rules of a part look at."""
    if "anime" in only.split(","):
        return ("title.basics", "title.akas", "title.episode")
    return ("title.basics",)


# What of each table belongs to the titles that were kept.
SUBSET_FILTERS = {
    "title.basics": "tconst IN (SELECT id FROM kept)",
    "title.akas": "titleId IN (SELECT id FROM kept)",
    "title.crew": "tconst IN (SELECT id FROM kept)",
    "title.episode": "tconst IN (SELECT id FROM kept)",
    "title.principals": "tconst IN (SELECT id FROM kept)",
    "title.ratings": "tconst IN (SELECT id FROM kept)",
    "name.basics": "nconst IN (SELECT id FROM credited)",
}
CREDITED_SQL = """SELECT DISTINCT nconst AS id FROM "title.principals"
    WHERE tconst IN (SELECT id FROM kept)
    UNION SELECT unnest(words(directors, ',')) FROM "title.crew"
    WHERE tconst IN (SELECT id FROM kept)
    UNION SELECT unnest(words(writers, ',')) FROM "title.crew"
    WHERE tconst IN (SELECT id FROM kept)"""
