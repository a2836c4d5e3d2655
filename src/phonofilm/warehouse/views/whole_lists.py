"""Lists that were seen whole, from the pages of lists, in portable SQL.

A list was seen whole at one time when pages were seen from its beginning to its end, each where the
one before said, with at least as many members as the source announced.
"""

from __future__ import annotations

from phonofilm.records import ListPage

PAGES = ListPage.kind
# Order keys without the bits of the hash, in milliseconds: pages of one instant are in the order
# of their positions.
_MILLISECONDS = "order_key >> 23"


def whole_lists(condition: str) -> str:
    """Return common table expressions `page` and `seen`, over the pages under a condition.

    `page` has the pages with the number of the crawl (`version`) of their list, each page once.
    `seen` has the versions that are whole: when they began, as an order key, and when they ended.
    """
    one_list = "PARTITION BY source, of_kind, of_id"
    return f"""numbered AS (
        SELECT source, of_kind, of_id, position, next_position, total, whole, member_ids, items,
            last_seen, expires_at, order_key,
            sum(CASE WHEN position = 0 THEN 1 ELSE 0 END) OVER ({one_list}
                ORDER BY {_MILLISECONDS}, position, order_key ROWS UNBOUNDED PRECEDING) AS version
        FROM store.{PAGES} WHERE {condition}),
    ranked AS (
        SELECT *, row_number() OVER ({one_list}, version, position ORDER BY order_key DESC) AS age
        FROM numbered),
    page AS (
        SELECT *, lag(next_position) OVER ({one_list}, version ORDER BY position) AS expected
        FROM ranked WHERE age = 1),
    seen AS (
        SELECT source, of_kind, of_id, version, min(order_key) AS began, max(last_seen) AS ended,
            max(expires_at) AS expires_at
        FROM page GROUP BY source, of_kind, of_id, version
        HAVING bool_and(whole) AND bool_and(coalesce(position = coalesce(expected, 0), false))
            AND count(*) = count(next_position) + 1
            AND sum(coalesce(array_length(member_ids, 1), 0)) >= coalesce(max(total), 0))"""
