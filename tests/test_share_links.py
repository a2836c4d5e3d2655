"""Share links of every source: resolved by a redirect to a page of the source, or refused."""

from __future__ import annotations

from contextlib import asynccontextmanager
from types import SimpleNamespace

import pytest

from phonofilm.config import Settings, SourceSettings
from phonofilm.crawl.share_links import ShareLinkResolver, resolve_share_links
from phonofilm.errors import StoreError, TermsError, UsageError
from phonofilm.net.http_client import ClientOptions, HttpClient
from phonofilm.runtime.event_loop import run
from phonofilm.sources import get
from tests.cli import run_cli
from tests.test_link_forms import ADDRESSES, SHARED
from tests.test_public_addresses import FakeResolver

PAGES = {name: text for name, text, link in ADDRESSES if text.startswith("https://")}


class Redirects:
    """Answers with redirects, by address; every other address is a page."""

    def __init__(self, **locations: str) -> None:
        self.locations, self.requested = locations, []

    @asynccontextmanager
    async def request(self, method, url):
        self.requested.append(str(url))
        location = self.locations.get(str(url))
        yield SimpleNamespace(status=302 if location else 200, headers={"Location": location or ""})


def resolve(name: str, text: str, redirects: Redirects | HttpClient) -> str:
    return run(ShareLinkResolver(get(name), redirects).resolve(text))


@pytest.mark.parametrize(("name", "text"), SHARED)
def test_a_share_link_is_the_page_that_it_redirects_to(name: str, text: str) -> None:
    redirects = Redirects(**{text: PAGES[name]})
    assert resolve(name, f" {text.removeprefix('https://')}\n", redirects) == PAGES[name]
    assert redirects.requested == [text]  # neither the page nor any other host


@pytest.mark.parametrize(("name", "text"), SHARED)
def test_a_share_link_leads_over_share_hosts_alone_and_not_for_ever(name: str, text: str) -> None:
    over = Redirects(**{text: f"{text}2", f"{text}2": PAGES[name]})
    assert resolve(name, text, over) == PAGES[name]
    for location in (
        "https://example.org/",
        "http://169.254.169.254/",
        "",
        text,
        "file:///etc/passwd",
        text.replace("https", "http", 1),
        f"https://example.org/?url={PAGES[name]}",
    ):
        redirects = Redirects(**{text: location})
        with pytest.raises(UsageError, match="Cannot resolve") as refused:
            resolve(name, text, redirects)
        assert "browser" in refused.value.next_step
        assert set(redirects.requested) == {text}


@pytest.mark.parametrize(("name", "text"), SHARED)
def test_a_share_host_that_resolves_into_the_own_network_is_not_connected_to(name, text) -> None:
    async def connect() -> None:
        options = ClientOptions(public_only=True, resolver=FakeResolver(["127.0.0.1"]))
        async with HttpClient(options) as client:
            await ShareLinkResolver(get(name), client).resolve(text)

    with pytest.raises(StoreError, match="Cannot resolve"):
        run(connect())


@pytest.mark.parametrize(("name", "text"), SHARED)
def test_a_stand_in_has_no_share_links(tmp_path, name: str, text: str) -> None:
    for option in ((), ("--artist",)):
        command = ("crawl", name, *option, text, "--at", "http://127.0.0.1:9", "--data", tmp_path)
        result = run_cli(*command)
        assert result.exit_code == 2 and "Cannot resolve" in result.stderr


def test_terms_come_before_a_share_link() -> None:
    with pytest.raises(TermsError):
        run(resolve_share_links(["https://spotify.link/x"], "spotify", Settings(), None))


def test_texts_without_a_share_link_stay_as_they_are() -> None:
    settings = Settings(spotify=SourceSettings())
    assert run(resolve_share_links(["Ada", "AC/DC"], "spotify", settings, None)) == ["Ada", "AC/DC"]
