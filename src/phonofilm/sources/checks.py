"""Check the records of a page: values as their traits say, ids as the source writes them.

Every response of every source passes here on its way to the frontier and to the warehouse, so no
parser checks values itself and no odd id can be requested later.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from phonofilm.records import Record
from phonofilm.records.values.clean import IdPatterns, Oddity, clean
from phonofilm.sources.contract import Finding, Link, Page, Request
from phonofilm.sources.fitting import CAME
from phonofilm.sources.record_builder import external_id

_EXCERPT_CHARACTERS_MAX = 40
# No list of any source has as many items; larger ones would not fit into the frontier.
_SIZE_MAX = 10**12


def check_page(page: Page, ids: IdPatterns, *, personal: bool) -> Page:
    """Clean the records of a page in their place, and drop records and links with odd ids.

    Each value that is dropped is a finding with an excerpt; of a `personal` endpoint, whose texts
    may name people, with its type alone.
    """
    passes = ids.passes
    if not all(map(passes, page.records)):
        page.records = list(_cleaned(page, ids, personal))
    if personal:
        page.findings = [_without_text(finding) for finding in page.findings]
    _check_list(page, ids)
    odd_links = [link for link in page.links if not _is_link(link, ids)]
    if odd_links:
        page.links = [link for link in page.links if _is_link(link, ids)]
        page.findings += [Finding("odd_id", f"{link.kind} {link.id!r}"[:80]) for link in odd_links]
    return page


def _cleaned(page: Page, ids: IdPatterns, personal: bool) -> Iterator[Record]:
    for record in page.records:
        is_kept, oddities = clean(record, ids)
        page.findings += [_finding(record, oddity, personal) for oddity in oddities]
        if is_kept:
            yield record


def _check_list(page: Page, ids: IdPatterns) -> None:
    """Drop an announced size and next pages that no list can have."""
    if page.total is not None and not 0 <= page.total <= _SIZE_MAX:
        page.findings.append(Finding("odd_value", f"total: {repr(page.total)[:40]}"))
        page.total = None
    odd = [r for r in page.continues if not _can_follow(r, ids)]
    if odd:
        page.continues = [r for r in page.continues if _can_follow(r, ids)]
        page.findings += [Finding("odd_value", f"next page: {r.key[:80]}") for r in odd]


def _can_follow(request: Request, ids: IdPatterns) -> bool:
    is_id = all(not text or ids.is_id("", text) for text in request.ids)
    return is_id and 0 <= request.offset <= _SIZE_MAX


def _without_text(finding: Finding) -> Finding:
    """Remove the excerpt of a text, which may name people; one of a figure stays."""
    reason, came, value = finding.detail.partition(CAME)
    return finding._replace(detail=reason) if came and value[:1] in "'\"" else finding


def note_other_id(page: Page, source: str, kind: str, requested: str) -> None:
    """Note that a look-up by one id was answered under another, as an external id and a finding.

    The entity was merged into another one, or another one stands in for it.
    """
    ids = [record.id for record in page.records if record.kind == kind]
    if ids and requested not in ids:
        page.records.append(external_id(source, kind, ids[0], source, requested))
        page.findings.append(Finding("merged_id", f"{kind} {requested} is {ids[0]} now"))


def _is_link(link: Link, ids: IdPatterns) -> bool:
    return link.kind == "root" or ids.is_id(link.kind, link.id)


def _finding(record: Record, oddity: Oddity, personal: bool) -> Finding:
    value = _excerpt(oddity.value, personal)
    return Finding(oddity.kind, f"{record.kind}.{oddity.field}: {value}")


def _excerpt(value: Any, personal: bool) -> str:
    """Return the beginning of a value; figures may always be shown."""
    if isinstance(value, bool | int | float) or not personal:
        return repr(value)[:_EXCERPT_CHARACTERS_MAX]
    return type(value).__name__
