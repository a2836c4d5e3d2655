"""Compare a response with its request: ids without an answer, answers under other ids."""

from __future__ import annotations

from collections.abc import Iterator

from phonofilm.records import Record
from phonofilm.sources.contract import Finding, Page, Request
from phonofilm.sources.manifest import Endpoint


def reconcile(endpoint: Endpoint, request: Request, page: Page) -> Iterator[Finding]:
    """Yield a finding for each requested id that a response says nothing of.

    `unknown_id` is an id that a batch left out. `other_id` is an entity that the source describes
    under another id: merged, or replaced. Lists and further pages name their node in no record.
    """
    if request.offset or page.continues or not request.ids:
        return
    if endpoint.batch > 1:
        answered = {key.casefold() for key in _answered_ids(endpoint, page)}
        for id_ in request.ids:
            if id_.casefold() not in answered:
                yield Finding("unknown_id", id_)
    elif endpoint.role == "detail":
        others = [record.id for record in page.records if record.kind == endpoint.subject]
        if others and request.ids[0] not in others:
            yield Finding("other_id", f"{request.key}: the source answers as {others[0]}")


def _answered_ids(endpoint: Endpoint, page: Page) -> Iterator[str]:
    """Yield every id that a page may answer: of records, of their nodes, and codes of them."""
    yield from page.answered_ids
    yield from (link.id for link in page.links)
    for record in page.records:
        yield record.id
        yield from _named_ids(endpoint.subject, record)


def _named_ids(subject: str, record: Record) -> Iterator[str]:
    """Yield the ids in the fields of a record that name its node: `album_id`, `isrc`, `value`."""
    for field in (f"{subject}_id", subject, "isrc", "imdb_id", "value"):
        value = getattr(record, field, None)
        if isinstance(value, str):
            yield value
