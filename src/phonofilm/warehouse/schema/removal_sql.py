"""The rule of removal, in portable SQL: a row is not in its list any more.

A row is removed when it was in its list once, and a whole list (`views/whole_lists.py`) that began
after its last mention there does not have it. What is stored follows from the pages alone, so the
order of loads has no effect and a row that comes back is in the list again. A list that was seen in
part removes nothing.
"""

from __future__ import annotations

from phonofilm.records import Record
from phonofilm.sql import identifier, literal
from phonofilm.warehouse.schema.field_times import field_time
from phonofilm.warehouse.schema.tables import REMOVED, derived_id, field_names
from phonofilm.warehouse.views.whole_lists import PAGES, whole_lists


def _changed_lists(kind: str) -> str:
    """Return the condition of pages whose list was begun more than once."""
    return f"""of_kind = {literal(kind)} AND (source, of_id) IN (
        SELECT source, of_id FROM store.{PAGES}
        WHERE of_kind = {literal(kind)} AND position = 0
        GROUP BY source, of_id HAVING count(*) > 1)"""


def _row_id(cls: type[Record]) -> str:
    return "t.id" if cls.key_fields == ("id",) else derived_id(cls, "t")


def _list_id(cls: type[Record]) -> str:
    return " || ':' || ".join(f"t.{identifier(name)}" for name in cls.list_fields)


def _removed(cls: type[Record]) -> str:
    """Return the query of rows that are not in their list any more: source, id and time."""
    mention = field_time("t", field_names(cls), cls.list_fields[0])
    return f"""WITH {whole_lists(_changed_lists(cls.kind))},
    member AS (
        SELECT source, of_id, id, max(order_key) AS last FROM (
            SELECT source, of_id, order_key, unnest(member_ids) AS id FROM numbered) m
        GROUP BY source, of_id, id)
    SELECT t.source, {_row_id(cls)} AS id, min(s.ended) AS ended
    FROM member m
    JOIN store.{cls.kind} t
        ON t.source = m.source AND {_row_id(cls)} = m.id AND {_list_id(cls)} = m.of_id
    JOIN seen s ON s.source = m.source AND s.of_id = m.of_id
        AND s.began > greatest(m.last, coalesce({mention}, -1))
    GROUP BY t.source, {_row_id(cls)}"""


CHANGED_KINDS = f"""SELECT DISTINCT of_kind FROM (
    SELECT of_kind FROM store.{PAGES} WHERE position = 0
    GROUP BY source, of_kind, of_id HAVING count(*) > 1) lists"""
"""Query of the kinds of which a list was begun more than once; others have no removed rows."""


def update_removed(cls: type[Record]) -> tuple[str, str]:
    """Return the statements that bring `removed_at` of a table up to date.

    They change only rows whose time is another than the stored one.
    """
    return _set(cls), _clear(cls)


def _set(cls: type[Record]) -> str:
    return f"""UPDATE store.{cls.kind} AS t SET {REMOVED} = r.ended FROM ({_removed(cls)}) r
        WHERE t.source = r.source AND {_row_id(cls)} = r.id
        AND t.{REMOVED} IS DISTINCT FROM r.ended"""


def _clear(cls: type[Record]) -> str:
    return f"""UPDATE store.{cls.kind} AS t SET {REMOVED} = NULL
        WHERE t.{REMOVED} IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM ({_removed(cls)}) r WHERE r.source = t.source AND r.id = {_row_id(cls)})"""
