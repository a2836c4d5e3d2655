"""Lists that are followed from link to link, and what SoundCloud and Beatport were seen to do."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import msgspec

from phonofilm.sandbox.kernel.faults.registry import instead, link_fault
from phonofilm.sandbox.kernel.service import Answer, Clock, HttpRequest

Listing = dict[str, Any]


def _listing(answer: Answer, change: Callable[[Listing], Any]) -> Answer:
    """Changes a wrapped list; `change` may return something else to send."""
    try:
        tree = msgspec.json.decode(answer.body)
    except msgspec.DecodeError:
        return answer
    if answer.status != 200 or not isinstance(tree, dict) or "collection" not in tree:
        return answer
    changed = change(tree)
    return answer._replace(body=msgspec.json.encode(tree if changed is None else changed))


def _start(ask: HttpRequest) -> int:
    tail = ask.query.get("cursor", "").rsplit(",", 1)[-1]
    return int(tail) if tail.isdecimal() else 0


def _link(ask: HttpRequest, start: int) -> str:
    cursor = urlencode({"cursor": f"{time.monotonic_ns()},again,{start:011d}"})
    return f"{ask.base}{ask.path}?{cursor}"


@link_fault
def next_absent(answer: Answer, ask: HttpRequest, clock: Clock) -> Answer:
    """The last page has no next link, not even a null one."""

    def change(tree: Listing) -> None:
        if tree.get("next_href") is None:
            tree.pop("next_href", None)

    return _listing(answer, change)


@link_fault
def next_repeats(answer: Answer, ask: HttpRequest, clock: Clock) -> Answer:
    """The next link of a last page leads to this very page, for ever."""

    def change(tree: Listing) -> None:
        if tree.get("next_href") is None:
            tree["next_href"] = f"{ask.base}{ask.path}?cursor=0,same,{_start(ask):011d}"

    return _listing(answer, change)


@link_fault
def next_at_another_host(answer: Answer, ask: HttpRequest, clock: Clock) -> Answer:
    """The next link leads to somebody else."""

    def change(tree: Listing) -> None:
        tree["next_href"] = "https://elsewhere.invalid/steal?cursor=1"

    return _listing(answer, change)


@link_fault
def next_of_the_inside(answer: Answer, ask: HttpRequest, clock: Clock) -> Answer:
    """The next link names a host of the service's own network."""

    def change(tree: Listing) -> None:
        if href := tree.get("next_href"):
            inside = "http://http.api.prod.api-public.srv.db.s-cloud.net"
            tree["next_href"] = inside + href.removeprefix(ask.base)

    return _listing(answer, change)


@link_fault
def next_is_bare(answer: Answer, ask: HttpRequest, clock: Clock) -> Answer:
    """The next link has lost all parameters but the cursor."""

    def change(tree: Listing) -> None:
        if href := tree.get("next_href"):
            cursor = parse_qs(urlsplit(href).query)["cursor"][0]
            tree["next_href"] = f"{ask.base}{ask.path}?{urlencode({'cursor': cursor})}"

    return _listing(answer, change)


@link_fault
def empty_page_between(answer: Answer, ask: HttpRequest, clock: Clock) -> Answer:
    """An empty page whose next link leads to what belonged here."""

    def change(tree: Listing) -> None:
        tree["collection"], tree["next_href"] = [], _link(ask, _start(ask))

    return _listing(answer, change)


@link_fault
def short_page(answer: Answer, ask: HttpRequest, clock: Clock) -> Answer:
    """Fewer items than asked for; the next link leads to the rest."""

    def change(tree: Listing) -> None:
        half = len(tree["collection"]) // 2
        if half:
            tree["collection"] = tree["collection"][:half]
            tree["next_href"] = _link(ask, _start(ask) + half)

    return _listing(answer, change)


@link_fault
def overlapping_page(answer: Answer, ask: HttpRequest, clock: Clock) -> Answer:
    """The next page begins before this one ends."""

    def change(tree: Listing) -> None:
        if tree.get("next_href") and len(tree["collection"]) > 4:
            tree["next_href"] = _link(ask, _start(ask) + len(tree["collection"]) - 3)

    return _listing(answer, change)


@link_fault
def bare_list(answer: Answer, ask: HttpRequest, clock: Clock) -> Answer:
    """A list without anything around it, as it was until 2021."""
    return _listing(answer, lambda tree: tree["collection"])


@link_fault
def all_null(answer: Answer, ask: HttpRequest, clock: Clock) -> Answer:
    """Everything but ids, kinds and owners is null in every third item."""
    kept = ("id", "urn", "kind", "user", "track_urn")

    def change(tree: Listing) -> None:
        for item in tree["collection"][::3]:
            for name in item:
                item[name] = item[name] if name in kept else None

    return _listing(answer, change)


@link_fault
def unauthorised_silent(answer: Answer, ask: HttpRequest, clock: Clock) -> Answer:
    """HTTP 401 with nothing."""
    return instead(answer, 401)


@link_fault
def missing_silent(answer: Answer, ask: HttpRequest, clock: Clock) -> Answer:
    """HTTP 404 with an empty object."""
    return instead(answer, 404, b"{}", {"Content-Type": "application/json"})


@link_fault
def throttled_until(answer: Answer, ask: HttpRequest, clock: Clock) -> Answer:
    """HTTP 429 that says in its body when the quota begins anew."""
    end = time.strftime("%Y/%m/%d %H:%M:%S +0000", time.gmtime(clock.now() + 2))
    limit = {"group": "plays", "max_nr_of_requests": 15000, "time_window": "PT24H", "name": "plays"}
    told = {"errors": [{"meta": {"rate_limit": limit, "remaining_requests": 0, "reset_time": end}}]}
    return instead(answer, 429, msgspec.json.encode(told), {"Content-Type": "application/json"})


@link_fault
def datadome_refuses(answer: Answer, ask: HttpRequest, clock: Clock) -> Answer:
    """HTTP 403 with DataDome's header and a captcha's address as JSON."""
    told = {"url": "https://geo.captcha-delivery.com/captcha/?initialCid=x"}
    headers = {"x-datadome": "protected", "Content-Type": "application/json"}
    return instead(answer, 403, msgspec.json.encode(told), headers)


@link_fault
def datadome_watches(answer: Answer, ask: HttpRequest, clock: Clock) -> Answer:
    """A good answer with DataDome's header."""
    return answer._replace(headers={**answer.headers, "x-datadome": "protected"})


@link_fault
def territory_restricted(answer: Answer, ask: HttpRequest, clock: Clock) -> Answer:
    """HTTP 403: not sold in this country."""
    return instead(answer, 403, b'{"detail":"Territory Restricted."}')


@link_fault
def unknown_key(answer: Answer, ask: HttpRequest, clock: Clock) -> Answer:
    """A key nobody announced."""
    return answer._replace(
        body=answer.body.replace(b'"mix_name":', b'"is_new_thing":1,"mix_name":')
    )


@link_fault
def nothing_found(answer: Answer, ask: HttpRequest, clock: Clock) -> Answer:
    """An empty object for a search."""
    return instead(answer, 200, b"{}")


@link_fault
def turnstile(answer: Answer, ask: HttpRequest, clock: Clock) -> Answer:
    """HTTP 403 with Cloudflare's Turnstile."""
    page = b"<!doctype html><script src='https://challenges.cloudflare.com/turnstile/v0/api.js'></script>"
    return instead(answer, 403, page, {"Content-Type": "text/html"})


@link_fault
def html_for_a_picture(answer: Answer, ask: HttpRequest, clock: Clock) -> Answer:
    """HTTP 200 with a page, called a picture."""
    return instead(
        answer, 200, b"<!DOCTYPE html><title>Login</title>", {"Content-Type": "image/png"}
    )
