"""Record of the lists that a source gives whole, page by page and time by time."""

from __future__ import annotations

from typing import Annotated, ClassVar

from phonofilm.records.base import ABSENT, Maybe, Record, note
from phonofilm.records.values.traits import COUNT, Figure


class ListPage(Record):
    """A page of a whole list at one time; `id` is `kind:list:position:order_key`."""

    kind: ClassVar[str] = "list_page"
    plural: ClassVar[str] = "list_pages"
    key_fields: ClassVar[tuple[str, ...]] = ("of_kind", "of_id", "position", "order_key")

    of_kind: Annotated[Maybe[str], note("kind of the members: playlist_entry, track, tag ...")] = (
        ABSENT
    )
    of_id: Annotated[Maybe[str], note("the list: a playlist, an album, artist:id of tags ...")] = (
        ABSENT
    )
    position: Annotated[
        Maybe[int], note("place in the list where the page begins, from 0", trait=COUNT)
    ] = ABSENT
    order_key: Annotated[
        Maybe[int],
        note(
            "orders responses: milliseconds since 2020 and bits of a hash",
            trait=Figure(0, 2**63 - 1),
        ),
    ] = ABSENT
    next_position: Annotated[
        Maybe[int], note("where the next page begins; null at the end", trait=COUNT)
    ] = ABSENT
    total: Annotated[Maybe[int], note("members that the source announced", trait=COUNT)] = ABSENT
    whole: Annotated[Maybe[bool], note("every member of the page could be read")] = ABSENT
    member_ids: Annotated[Maybe[list[str]], note("ids of the rows, in the order of the page")] = (
        ABSENT
    )
    items: Annotated[Maybe[list[str | None]], note("what stands there: a track, a tag ...")] = (
        ABSENT
    )
