"""Pages of whole lists, read off a response: what the list had there, and how far it goes.

A manifest says of which rows an endpoint gives whole lists (`whole`). From these pages
`schema/removal_sql.py` derives which rows are not in their list any more.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from phonofilm.landing.envelope import Envelope
from phonofilm.records import ABSENT, BY_KIND, ListPage, Record
from phonofilm.sources.contract import Page
from phonofilm.sources.manifest import Endpoint

# Findings after which a list may have more members than were read.
_UNREAD = frozenset(
    ("malformed_item", "odd_part", "odd_id", "without_id", "null_item", "foreign_link")
)


def list_pages(
    envelope: Envelope, endpoint: Endpoint, page: Page, order_key: int
) -> Iterator[ListPage]:
    """Yield a page of each whole list in a response; `order_key` is that of the response.

    Where the owner embeds the list, one without members counts only when the source says that it
    has none: the field that holds the list may be missing.
    """
    whole = all(finding.kind not in _UNREAD for finding in page.findings)
    for kind in endpoint.whole:
        members = _members_by_list(page.records, BY_KIND[kind])
        for list_id, size in _lists(envelope, endpoint, page, BY_KIND[kind], members).items():
            rows = members.get(list_id, [])
            if not rows and size != 0 and _looks_up(endpoint):
                continue
            position, next_position = _range(envelope, page, list_id)
            yield ListPage(
                envelope.source,
                f"{kind}:{list_id}:{position}:{order_key}",
                of_kind=kind,
                of_id=list_id,
                position=position,
                order_key=order_key,
                next_position=next_position,
                total=size,
                whole=whole,
                member_ids=[row.id for row in rows],
                items=[_item(row) for row in rows],
            )


def _members_by_list(records: list[Record], cls: type[Record]) -> dict[str, list[Record]]:
    """Group the rows of a kind by the list they belong to; mentions belong to none."""
    members: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        if type(record) is cls:
            parts = [getattr(record, name) for name in cls.list_fields]
            if all(part is not ABSENT and part is not None for part in parts):
                members[":".join(map(str, parts))].append(record)
    return members


def _lists(
    envelope: Envelope,
    endpoint: Endpoint,
    page: Page,
    cls: type[Record],
    members: dict[str, list[Record]],
) -> dict[str, int | None]:
    """Return the whole lists of a response, each with its announced size.

    A look-up of owners gives the lists of those that it returned under the requested id; a look-up
    by something else, of all owners in it; another endpoint, of the one that was requested.
    """
    owner = cls.list_owner or endpoint.subject
    if not cls.list_owner and "of_kind" not in cls.list_fields:
        return dict.fromkeys(members, page.total)
    if _looks_up(endpoint):
        requested = set(envelope.ids) if endpoint.subject == owner else None
        owners = {
            record.id: _size(record)
            for record in page.records
            if record.kind == owner and (requested is None or record.id in requested)
        }
    else:
        owners = dict.fromkeys(envelope.ids[:1], page.total)
    prefix = f"{owner}:" if "of_kind" in cls.list_fields else ""
    return {prefix + id_: None if prefix else size for id_, size in owners.items()}


def _looks_up(endpoint: Endpoint) -> bool:
    """Tell whether an endpoint returns owners, which embed their lists."""
    return endpoint.role in ("detail", "search", "measure")


def _size(owner: Record) -> int | None:
    """Return the number of members that the source counts in a list."""
    value = getattr(owner, owner.list_size) if owner.list_size else None
    return value if isinstance(value, int) else None


def _range(envelope: Envelope, page: Page, list_id: str) -> tuple[int, int | None]:
    """Return where the page begins and where the next one does; None when it is the last."""
    following = [request.offset for request in page.continues if request.ids[:1] == (list_id,)]
    if not following and page.continues and len(envelope.ids) <= 1:
        following = [page.continues[0].offset]
    return envelope.offset, following[0] if following else None


def _item(row: Record) -> str | None:
    """Return what stands in the list; None for a file or a comment without an id of its own."""
    value = getattr(row, row.list_item)
    return value if isinstance(value, str) else None
