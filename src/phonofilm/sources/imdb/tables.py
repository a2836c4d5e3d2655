"""The seven dumps and the records in them; columns as documented by IMDb, November 2026."""

from __future__ import annotations

from phonofilm.records import Aka, Credit, Episode, Person, Rating, Title, TitleGenre
from phonofilm.records.values.traits import COUNT, DURATION_MS, ORDINAL, RATING, YEAR, Figure
from phonofilm.sources.bulk.cells import FLAG, decimal, id_of, ids_of, whole
from phonofilm.sources.bulk.contract import DumpTable, RecordQuery

_COLUMNS = {
    "title.basics": "tconst titleType primaryTitle originalTitle isAdult startYear endYear"
    " runtimeMinutes genres",
    "title.akas": "titleId ordering title region language types attributes isOriginalTitle",
    "title.crew": "tconst directors writers",
    "title.episode": "tconst parentTconst seasonNumber episodeNumber",
    "title.principals": "tconst ordering nconst category job characters",
    "title.ratings": "tconst averageRating numVotes",
    "name.basics": "nconst primaryName birthYear deathYear primaryProfession knownForTitles",
}
_KEYS = {
    "title.akas": ("titleId", "ordering"),
    "title.principals": (),  # repeats are one credit, see below
    "title.crew": (),
    "name.basics": ("nconst",),
}
_MINUTES = whole(Figure(1, DURATION_MS.maximum // 60_000, zero_unknown=True))
_END_YEAR = whole(YEAR)._replace(unless="whole_number(endYear) < whole_number(startYear)")
_CELLS = {
    "title.basics": {
        "tconst": id_of("title"),
        "isAdult": FLAG,
        "startYear": whole(YEAR),
        "endYear": _END_YEAR,
        "runtimeMinutes": _MINUTES,
    },
    "title.akas": {"titleId": id_of("title"), "ordering": whole(COUNT), "isOriginalTitle": FLAG},
    "title.crew": {
        "tconst": id_of("title"),
        "directors": ids_of("person"),
        "writers": ids_of("person"),
    },
    "title.episode": {
        "tconst": id_of("title"),
        "parentTconst": id_of("title"),
        "seasonNumber": whole(COUNT),
        "episodeNumber": whole(COUNT),
    },
    "title.principals": {
        "tconst": id_of("title"),
        "nconst": id_of("person"),
        "ordering": whole(ORDINAL),
    },
    "title.ratings": {
        "tconst": id_of("title"),
        "averageRating": decimal(RATING),
        "numVotes": whole(COUNT),
    },
    "name.basics": {
        "nconst": id_of("person"),
        "birthYear": whole(YEAR),
        "deathYear": whole(YEAR),
        "knownForTitles": ids_of("title"),
    },
}
_REQUIRED = {"title.crew": ("tconst",), "title.principals": ("tconst", "nconst")}
TABLES = {
    name: DumpTable(
        name=name,
        columns=tuple(names.split()),
        key=_KEYS.get(name, ("tconst",)),
        cells=_CELLS[name],
        required=_REQUIRED.get(name, ()),
    )
    for name, names in _COLUMNS.items()
}

# One word for one part: pages say "cast" where the dumps tell actors from actresses.
ROLES = {"actor": "cast", "actress": "cast", "self": "cast", "creator": "writer"}


def _int(name: str) -> str:
    return f"whole_number({name})"


def _words(name: str, separator: str = "','") -> str:
    return f"words({name}, {separator})"


_ROLE = (
    "CASE category "
    + " ".join(f"WHEN '{word}' THEN '{role}'" for word, role in ROLES.items())
    + " ELSE category END"
)
_PRINCIPALS = f"""SELECT tconst AS title_id, nconst AS person_id, {_ROLE} AS role, category,
    {_int("ordering")} AS position, job,
    coalesce(TRY(from_json(characters, '["VARCHAR"]')),
             CASE WHEN characters IS NOT NULL THEN [characters] END) AS characters
    FROM "title.principals" """
# The file is read as seldom as can be: what its rows are called is remembered as numbers first.
_ROW_KEYS = f'SELECT hash(tconst, {_ROLE}, nconst) AS h FROM "title.principals"'
# The crew lists whom the principal credits have no room for; whom both name is named there.
_CREW = """SELECT title_id, person_id, role, role AS category, NULL::BIGINT AS position,
    NULL::VARCHAR AS job, NULL::VARCHAR[] AS characters
    FROM (SELECT DISTINCT tconst AS title_id, 'director' AS role,
              unnest(words(directors, ',')) AS person_id FROM "title.crew"
          UNION ALL
          SELECT DISTINCT tconst, 'writer', unnest(words(writers, ',')) FROM "title.crew")
    WHERE hash(title_id, role, person_id) NOT IN (SELECT h FROM keys)"""
# Who stands in a title's credits twice in one role (two jobs of a writer) is one credit.
_IS_TWICE = f"hash(tconst, {_ROLE}, nconst) IN (SELECT h FROM twice)"
_CREDITS_ONCE = f"""SELECT title_id, person_id, role, arg_min(category, position) AS category,
    min(position) AS position, string_agg(DISTINCT job, '; ' ORDER BY job) AS job,
    flatten(list(characters ORDER BY position) FILTER (characters IS NOT NULL)) AS characters
    FROM ({_PRINCIPALS} WHERE {_IS_TWICE}) GROUP BY title_id, person_id, role
    UNION ALL FROM ({_PRINCIPALS} WHERE NOT ({_IS_TWICE})) UNION ALL {_CREW}"""

# In the order in which they are read: a file that two of them need is unpacked once.
RECORD_QUERIES = (
    RecordQuery(
        cls=Title,
        tables=("title.basics",),
        sql=f"""SELECT tconst AS id, primaryTitle AS name, originalTitle AS original_name,
        titleType AS title_type, titleType IN ('tvSeries', 'tvMiniSeries') AS is_series,
        flag(isAdult) AS is_adult,
        {_int("startYear")} AS start_year, {_END_YEAR.value("endYear", {})} AS end_year,
        {_MINUTES.value("runtimeMinutes", {})} * 60000 AS runtime_ms, tconst AS imdb_id
        FROM "title.basics" """,
        fields=(
            "name",
            "original_name",
            "title_type",
            "is_series",
            "is_adult",
            "start_year",
            "end_year",
            "runtime_ms",
            "imdb_id",
        ),
    ),
    RecordQuery(
        cls=TitleGenre,
        tables=("title.basics",),
        sql="""SELECT tconst AS title_id, unnest(list_distinct(words(genres, ','))) AS genre
        FROM "title.basics" """,
        fields=("title_id", "genre"),
        corrected=True,
    ),
    RecordQuery(
        cls=Rating,
        tables=("title.ratings",),
        sql=f"""SELECT tconst AS id, decimal_number(averageRating) AS rating,
        {_int("numVotes")} AS votes FROM "title.ratings" """,
        fields=("rating", "votes"),
    ),
    RecordQuery(
        cls=Person,
        tables=("name.basics",),
        sql=f"""SELECT nconst AS id, primaryName AS name, {_int("birthYear")} AS birth_year,
        {_int("deathYear")} AS death_year, {_words("primaryProfession")} AS professions,
        {_words("knownForTitles")} AS known_for, nconst AS imdb_id FROM "name.basics" """,
        fields=("name", "birth_year", "death_year", "professions", "known_for", "imdb_id"),
    ),
    RecordQuery(
        cls=Episode,
        tables=("title.episode",),
        sql=f"""SELECT tconst AS id, parentTconst AS series_id,
        {_int("seasonNumber")} AS season_number, {_int("episodeNumber")} AS episode_number
        FROM "title.episode" """,
        fields=("series_id", "season_number", "episode_number"),
        corrected=True,
    ),
    RecordQuery(
        cls=Credit,
        tables=("title.principals", "title.crew"),
        sql=f"{_PRINCIPALS} UNION ALL {_CREW}",
        fields=("title_id", "person_id", "role", "category", "position", "job", "characters"),
        unique_sql=_CREDITS_ONCE,
        key_sql=_ROW_KEYS,
        corrected=True,
    ),
    RecordQuery(
        cls=Aka,
        tables=("title.akas",),
        sql=f"""SELECT titleId AS title_id, {_int("ordering")} AS position, title AS name, region,
        language, {_words("types", "chr(2)")} AS types, {_words("attributes", "chr(2)")}
        AS attributes, flag(isOriginalTitle) AS is_original FROM "title.akas" """,
        fields=(
            "title_id",
            "position",
            "name",
            "region",
            "language",
            "types",
            "attributes",
            "is_original",
        ),
        corrected=True,
    ),
)
