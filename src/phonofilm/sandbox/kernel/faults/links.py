"""Faults of lists with next links, as seen at SoundCloud and Beatport."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import msgspec

from phonofilm.sandbox.kernel.faults.registry import link_fault, replaced
from phonofilm.sandbox.kernel.service import Clock, HttpRequest, HttpResponse

Listing = dict[str, Any]


def _listing(response: HttpResponse, change: Callable[[Listing], Any]) -> HttpResponse:
    """Change a wrapped list; `change` may return another body to send."""
    try:
        tree = msgspec.json.decode(response.body)
    except msgspec.DecodeError:
        return response
    if response.status != 200 or not isinstance(tree, dict) or "collection" not in tree:
        return response
    changed = change(tree)
    return response._replace(body=msgspec.json.encode(tree if changed is None else changed))


def _start(request: HttpRequest) -> int:
    tail = request.query.get("cursor", "").rsplit(",", 1)[-1]
    return int(tail) if tail.isdecimal() else 0


def _link(request: HttpRequest, start: int) -> str:
    cursor = urlencode({"cursor": f"{time.monotonic_ns()},again,{start:011d}"})
    return f"{request.base}{request.path}?{cursor}"


@link_fault
def next_absent(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send the last page without a next link, not even a null one."""

    def change(tree: Listing) -> None:
        if tree.get("next_href") is None:
            tree.pop("next_href", None)

    return _listing(response, change)


@link_fault
def next_repeats(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send a last page whose next link leads to the same page, for ever."""

    def change(tree: Listing) -> None:
        if tree.get("next_href") is None:
            tree["next_href"] = f"{request.base}{request.path}?cursor=0,same,{_start(request):011d}"

    return _listing(response, change)


@link_fault
def next_at_another_host(
    response: HttpResponse, request: HttpRequest, clock: Clock
) -> HttpResponse:
    """Send a next link to another host."""

    def change(tree: Listing) -> None:
        tree["next_href"] = "https://elsewhere.invalid/steal?cursor=1"

    return _listing(response, change)


@link_fault
def next_of_the_inside(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send a next link with a host of the service's own network."""

    def change(tree: Listing) -> None:
        if href := tree.get("next_href"):
            inside = "http://http.api.prod.api-public.srv.db.s-cloud.net"
            tree["next_href"] = inside + href.removeprefix(request.base)

    return _listing(response, change)


@link_fault
def next_is_bare(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send a next link without any parameter but the cursor."""

    def change(tree: Listing) -> None:
        if href := tree.get("next_href"):
            cursor = parse_qs(urlsplit(href).query)["cursor"][0]
            tree["next_href"] = f"{request.base}{request.path}?{urlencode({'cursor': cursor})}"

    return _listing(response, change)


@link_fault
def empty_page_between(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send an empty page whose next link leads to the missing items."""

    def change(tree: Listing) -> None:
        tree["collection"], tree["next_href"] = [], _link(request, _start(request))

    return _listing(response, change)


@link_fault
def short_page(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send fewer items than requested, with a next link to the rest."""

    def change(tree: Listing) -> None:
        half = len(tree["collection"]) // 2
        if half:
            tree["collection"] = tree["collection"][:half]
            tree["next_href"] = _link(request, _start(request) + half)

    return _listing(response, change)


@link_fault
def overlapping_page(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send a page that overlaps with the next one."""

    def change(tree: Listing) -> None:
        if tree.get("next_href") and len(tree["collection"]) > 4:
            tree["next_href"] = _link(request, _start(request) + len(tree["collection"]) - 3)

    return _listing(response, change)


@link_fault
def bare_list(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send a bare list without an object around it, as until 2021."""
    return _listing(response, lambda tree: tree["collection"])


@link_fault
def all_null(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send every third item with nulls, except ids, kinds and owners."""
    required_fields = ("id", "urn", "kind", "user", "track_urn")

    def change(tree: Listing) -> None:
        for item in tree["collection"][::3]:
            for name in item:
                item[name] = item[name] if name in required_fields else None

    return _listing(response, change)


@link_fault
def unauthorised_silent(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send HTTP 401 with nothing."""
    return replaced(response, 401)


@link_fault
def missing_silent(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send HTTP 404 with an empty object."""
    return replaced(response, 404, b"{}", {"Content-Type": "application/json"})


@link_fault
def throttled_until(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send HTTP 429 that says in its body when the quota begins anew."""
    end = time.strftime("%Y/%m/%d %H:%M:%S +0000", time.gmtime(clock.now() + 2))
    limit = {"group": "plays", "max_nr_of_requests": 15000, "time_window": "PT24H", "name": "plays"}
    body = {"errors": [{"meta": {"rate_limit": limit, "remaining_requests": 0, "reset_time": end}}]}
    return replaced(response, 429, msgspec.json.encode(body), {"Content-Type": "application/json"})


@link_fault
def datadome_refuses(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send HTTP 403 with DataDome's header and a captcha's address as JSON."""
    body = {"url": "https://geo.captcha-delivery.com/captcha/?initialCid=x"}
    headers = {"x-datadome": "protected", "Content-Type": "application/json"}
    return replaced(response, 403, msgspec.json.encode(body), headers)


@link_fault
def datadome_watches(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send a good answer with DataDome's header."""
    return response._replace(headers={**response.headers, "x-datadome": "protected"})


@link_fault
def territory_restricted(
    response: HttpResponse, request: HttpRequest, clock: Clock
) -> HttpResponse:
    """Send HTTP 403: not sold in this country."""
    return replaced(response, 403, b'{"detail":"Territory Restricted."}')


@link_fault
def unknown_key(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send an unannounced key."""
    return response._replace(
        body=response.body.replace(b'"mix_name":', b'"is_new_thing":1,"mix_name":')
    )


@link_fault
def nothing_found(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send an empty object for a search."""
    return replaced(response, 200, b"{}")


@link_fault
def turnstile(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send HTTP 403 with Cloudflare's Turnstile."""
    page = b"<!doctype html><script src='https://challenges.cloudflare.com/turnstile/v0/api.js'></script>"
    return replaced(response, 403, page, {"Content-Type": "text/html"})


@link_fault
def html_for_a_picture(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send HTTP 200 with a page, called a picture."""
    return replaced(
        response, 200, b"<!DOCTYPE html><title>Login</title>", {"Content-Type": "image/png"}
    )
