"""Views over the versions of lists: what was in a list when, as far as it was seen whole.

DuckDB and PostgreSQL both understand every word of the views.
"""

from __future__ import annotations

from collections.abc import Iterator

from phonofilm.warehouse.views.definition import Definition, view
from phonofilm.warehouse.views.whole_lists import whole_lists

# Crawls of a list that have the same items in the same order are one version.
_VERSIONS = f"""WITH {whole_lists("true")},
    item AS (
        SELECT source, of_kind, of_id, version, position, unnest(items) AS item,
            generate_subscripts(items, 1) AS n
        FROM page),
    content AS (
        SELECT source, of_kind, of_id, version, count(*) AS members,
            md5(string_agg(coalesce(item, ''), chr(10) ORDER BY position, n)) AS digest
        FROM item GROUP BY source, of_kind, of_id, version),
    compared AS (
        SELECT s.source, s.of_kind, s.of_id, s.version AS crawl, s.ended, s.expires_at,
            coalesce(c.members, 0) AS members, coalesce(c.digest, '') AS digest,
            lag(coalesce(c.digest, '')) OVER (
                PARTITION BY s.source, s.of_kind, s.of_id ORDER BY s.version) AS before
        FROM seen s LEFT JOIN content c ON c.source = s.source AND c.of_kind = s.of_kind
            AND c.of_id = s.of_id AND c.version = s.version),
    version AS (
        SELECT *, sum(CASE WHEN digest IS DISTINCT FROM before THEN 1 ELSE 0 END) OVER (
            PARTITION BY source, of_kind, of_id ORDER BY crawl ROWS UNBOUNDED PRECEDING) AS number
        FROM compared)"""

_LIST_VERSIONS = f"""{_VERSIONS}
    SELECT source, of_kind, of_id, CAST(number AS bigint) AS version, min(ended) AS first_seen,
        max(ended) AS last_seen, max(members) AS members,
        max(expires_at) AS expires_at
    FROM version GROUP BY source, of_kind, of_id, number"""

_PLAYLIST_VERSIONS = f"""{_VERSIONS},
    one AS (
        SELECT source, of_kind, of_id, number, min(crawl) AS crawl, min(ended) AS first_seen,
            max(ended) AS last_seen, max(expires_at) AS expires_at
        FROM version WHERE of_kind = 'playlist_entry' GROUP BY source, of_kind, of_id, number)
    SELECT o.source, o.of_id AS playlist_id, CAST(o.number AS bigint) AS version, o.first_seen,
        o.last_seen, i.position + i.n - 1 AS position, i.item AS track_id,
        o.expires_at
    FROM one o JOIN item i ON i.source = o.source AND i.of_kind = o.of_kind
        AND i.of_id = o.of_id AND i.version = o.crawl"""


def list_views() -> Iterator[Definition]:
    """Yield `list_versions`, a row per version of a list, and `playlist_versions`.

    `playlist_versions` has a row per place of each version of a playlist. `first_seen` and
    `last_seen` are when the version was seen first and last, before another one was.
    """
    yield view("list_versions", _LIST_VERSIONS)
    yield view("playlist_versions", _PLAYLIST_VERSIONS)
