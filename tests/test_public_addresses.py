"""Addresses from the world never lead into this machine or its network, whatever they resolve to."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from hypothesis import given
from hypothesis import strategies as st

from phonofilm.media.base import StoredFile
from phonofilm.media.fetcher import Fetcher
from phonofilm.media.run import MediaOptions, media_client_options
from phonofilm.net.clock import Clock
from phonofilm.net.http_client import ClientOptions, HttpClient
from phonofilm.net.origin.origin import Origin
from phonofilm.net.public_addresses import (
    PrivateAddressError,
    PublicResolver,
    is_public,
    is_public_address,
)
from phonofilm.runtime.event_loop import run
from phonofilm.sandbox.worlds.pictures import png
from phonofilm.sources.contract import Outcome


class FakeResolver(AbstractResolver):
    """Resolves every name to the next of its answers, the last one for ever; never by DNS."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self._answers = list(answers)
        self.names: list[str] = []

    async def resolve(self, host, port=0, family=socket.AF_INET) -> list[ResolveResult]:
        self.names.append(host)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in answer
        ]

    async def close(self) -> None:
        pass


@pytest.mark.parametrize(
    ("host", "public"),
    [
        ("i1.sndcdn.com", True),
        ("8.8.8.8", True),
        ("localhost", False),
        ("127.0.0.1:80", False),
        ("10.0.0.7", False),
        ("[::1]:8080", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("router.local", False),
        ("intranet", False),
        ("metadata.google.internal", False),
        ("", False),
        ("127.1", False),
        ("0x7f.1", False),
        ("0177.0.0.1", False),
        ("2130706433", False),
        ("[64:ff9b::7f00:1]", False),
        ("[64:ff9b::808:808]", True),
        ("127.0x0.1", False),
        ("169.254.169.254.nip.io", False),
        ("app-10-0-0-1.sslip.io", False),
        ("8.8.8.8.nip.io", True),
        ("img-1-2-3-456.cdn.net", True),
        ("localtest.me", False),
        ("a.localtest.me:8080", False),
        ("router.lan", False),
        ("intranet.corp", False),
        ("printer.home.arpa", False),
        ("home.arpa.example.com", True),
        ("[::ffff:127.0.0.1]", False),
        ("[::ffff:8.8.8.8]", True),
        ("[2002:7f00:1::]", False),
        ("[::127.0.0.1]", False),
        ("[fd00::1]", False),
        ("[ff02::1]", False),
        ("224.0.0.1", False),
        ("[::1", False),
    ],
)
def test_hosts_of_this_machine_and_its_network_are_not_public(host: str, public: bool) -> None:
    assert is_public(host) is public


@given(netloc=st.text(max_size=40))
def test_any_text_is_a_public_host_or_none(netloc: str) -> None:
    assert is_public(netloc) in (True, False)


@given(inner=st.ip_addresses(v=4))
def test_an_address_inside_an_address_counts_as_itself(inner) -> None:
    import ipaddress

    expected = is_public_address(inner)
    for prefix in ("64:ff9b::", "::ffff:"):
        outer = ipaddress.IPv6Address(int(ipaddress.IPv6Address(prefix + "0")) | int(inner))
        if prefix == "::ffff:":
            outer = ipaddress.IPv6Address(f"::ffff:{inner}")
        assert is_public_address(outer) is expected


PRIVATE = (["127.0.0.1"], ["8.8.8.8", "10.0.0.7"], ["::1"], ["64:ff9b::7f00:1"], ["fe80::1"])


@pytest.mark.parametrize("answer", PRIVATE)
def test_a_name_with_any_private_address_is_refused(answer: list[str]) -> None:
    resolver = PublicResolver(FakeResolver(answer))
    with pytest.raises(PrivateAddressError):
        run(resolver.resolve("pictures.example.com", 80))


def test_a_name_with_public_addresses_and_the_proxy_are_resolved() -> None:
    public = PublicResolver(FakeResolver(["8.8.8.8", "2001:4860:4860::8888"]))
    results = run(public.resolve("pictures.example.com", 80))
    assert [result["host"] for result in results] == ["8.8.8.8", "2001:4860:4860::8888"]
    proxied = PublicResolver(FakeResolver(["10.0.0.7"]), exempt=["proxy.corp"])
    assert run(proxied.resolve("proxy.corp", 3128))[0]["host"] == "10.0.0.7"


class Pictures:
    """A server of one picture on loopback; `requests` counts what reached it."""

    def __init__(self, location: str = "") -> None:
        self.requests, self.port, self._location = 0, 0, location

    async def __aenter__(self) -> Pictures:
        self._runner = web.ServerRunner(web.Server(self._handle))
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.port = int(self._runner.addresses[0][1])
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        self.requests += 1
        if self._location:
            return web.Response(status=302, headers={"Location": self._location})
        return web.Response(body=png(1))


def live_client(resolver: FakeResolver) -> HttpClient:
    """The client that downloads of a live service are made with, and a resolver of ours."""
    origin = Origin(
        name="the live service", base_url="https://api.example.com", access="", clock=Clock()
    )
    options = media_client_options(origin, MediaOptions(roles=["artwork"], timeout_seconds=4.0))
    assert options.public_only
    fields = {name: getattr(options, name) for name in options.__struct_fields__}
    return HttpClient(ClientOptions(**(fields | {"resolver": resolver})))


def test_a_name_that_resolves_inside_is_never_connected_to(tmp_path: Path) -> None:
    async def work() -> None:
        async with Pictures() as pictures, live_client(FakeResolver(["127.0.0.1"])) as client:
            fetcher = Fetcher(tmp_path, client, client.may_connect)
            url = f"http://pictures.example.com:{pictures.port}/a.png"
            result = await fetcher.fetch(url, "artwork")
            assert result == Outcome(
                "refused", "not asked: pictures.example.com resolves to 127.0.0.1"
            )
            assert pictures.requests == 0

    run(work())


def test_a_name_that_is_rebound_after_the_check_is_still_checked(tmp_path: Path) -> None:
    """Each connection uses the addresses of its own resolution, so there is no second answer."""

    async def work() -> None:
        resolver = FakeResolver(["8.8.8.8"], ["127.0.0.1"])
        assert (await PublicResolver(resolver).resolve("rebound.example.com"))[0]["host"]
        async with Pictures() as pictures, live_client(resolver) as client:
            fetcher = Fetcher(tmp_path, client, client.may_connect)
            url = f"http://rebound.example.com:{pictures.port}/a.png"
            result = await fetcher.fetch(url, "artwork")
            assert isinstance(result, Outcome) and result.verdict == "refused"
            assert resolver.names == ["rebound.example.com"] * 2
            assert pictures.requests == 0

    run(work())


def test_a_redirect_to_a_name_that_resolves_inside_is_refused(tmp_path: Path) -> None:
    async def work() -> None:
        async with Pictures() as inside:
            location = f"http://inside.example.com:{inside.port}/latest/meta-data"
            async with (
                Pictures(location) as outside,
                live_client(FakeResolver(["127.0.0.1"])) as client,
            ):
                # The first host stands for a public one: the test exempts it by its literal name.
                client.may_connect = lambda authority: True  # type: ignore[method-assign]
                fetcher = Fetcher(tmp_path, client, client.may_connect)
                result = await fetcher.fetch(f"http://127.0.0.1:{outside.port}/a", "artwork")
                assert isinstance(result, Outcome) and result.verdict == "refused"
                assert (outside.requests, inside.requests) == (1, 0)

    run(work())


def test_a_sandbox_on_loopback_is_connected_to(tmp_path: Path) -> None:
    async def work() -> None:
        async with Pictures() as pictures:
            url = f"http://127.0.0.1:{pictures.port}"
            origin = Origin(name="sandbox x", base_url=url, access="", clock=Clock())
            options = media_client_options(origin, MediaOptions(roles=["artwork"]))
            async with HttpClient(options) as client:
                fetcher = Fetcher(tmp_path, client, lambda host: True)
                assert isinstance(await fetcher.fetch(f"{url}/a.png", "artwork"), StoredFile)

    run(work())


def test_behind_a_proxy_names_are_checked_and_the_proxy_is_no_target(monkeypatch) -> None:
    """No name is resolved here then; the proxy itself may lie in one's own network."""
    monkeypatch.setenv("http_proxy", "http://proxy.example.com:3128")

    async def work() -> None:
        async with Pictures() as proxy:
            monkeypatch.setenv("http_proxy", f"http://proxy.example.com:{proxy.port}")
            async with live_client(FakeResolver(["127.0.0.1"])) as client:
                assert client.may_connect("pictures.example.com")
                assert not client.may_connect("proxy.example.com:3128")
                assert not client.may_connect("localtest.me")
                from yarl import URL

                async with client.request("GET", URL("http://pictures.example.com/a")) as response:
                    assert await response.read() == png(1)
                assert proxy.requests == 1

    run(asyncio.wait_for(work(), 10))
