"""Lists as text, for formats that have no lists."""

from __future__ import annotations


def joined_list(column: str) -> str:
    r"""Return the SQL that joins the elements of a list by `;`.

    A null element is empty, so that lists of ids and names stay parallel; a `;` inside an element
    is written `\;` and a backslash `\\`.
    """
    escaped = r"replace(replace(coalesce(e::VARCHAR, ''), '\', '\\'), ';', '\;')"
    return f"array_to_string(list_transform({column}, lambda e: {escaped}), ';')"
