"""Keep requests out of this machine and its network: by host name and by resolved address.

Addresses that came from the world (a picture's URL in a response) may point anywhere. A name says
little: public DNS resolves `localtest.me` to 127.0.0.1, and a name may resolve differently a second
later (DNS rebinding). `PublicResolver` therefore checks every address that is connected to.

Behind a proxy this machine resolves no name, so there only `is_public` protects: it knows the
suffixes of private networks and addresses written into names, no more.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Collection
from urllib.parse import urlsplit

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import DefaultResolver

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# RFC 6761, 6762, 8375; ICANN keeps internal, corp, home and mail out of the root zone for ever;
# lan, intranet, private and localdomain are what routers and RFC 6762 (appendix G) name.
_PRIVATE_SUFFIXES = (
    "localhost",
    "local",
    "internal",
    "home.arpa",
    "test",
    "invalid",
    "example",
    "onion",
    "corp",
    "home",
    "mail",
    "lan",
    "intranet",
    "private",
    "localdomain",
)
# Public names that resolve to loopback, seen in 2026; the resolver finds all the others.
_LOOPBACK_NAMES = ("localtest.me", "lvh.me", "vcap.me", "lacolhost.com", "readme.localtest.me")
# 169.254.169.254.nip.io, app-10-0-0-1.sslip.io: services that resolve a name to what is in it.
_IPV4_IN_NAME = re.compile(r"(?<!\d)(\d{1,3})[.-](\d{1,3})[.-](\d{1,3})[.-](\d{1,3})(?!\d)")
_IPV4_COMPATIBLE = ipaddress.IPv6Network("::/96")  # RFC 4291, deprecated
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052: an IPv4 address in the last 32 bits


class PrivateAddressError(OSError):
    """A host name resolves to an address that is not public."""


class PublicResolver(AbstractResolver):
    """Resolver that refuses a name when any of its addresses is not public.

    The connector connects to the returned addresses and asks no second time, so the address that
    was checked is the address that is used. `exempt` are names that are not checked: the proxy's.
    Raises PrivateAddressError.
    """

    def __init__(
        self, resolver: AbstractResolver | None = None, exempt: Collection[str] = ()
    ) -> None:
        self._resolver = resolver or DefaultResolver()
        self._exempt = frozenset(exempt)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Resolve a name to public addresses."""
        results = await self._resolver.resolve(host, port, family)
        if host not in self._exempt:
            for result in results:
                if not is_public_address(ipaddress.ip_address(result["host"])):
                    raise PrivateAddressError(f"{host} resolves to {result['host']}")
        return results

    async def close(self) -> None:
        """Release the resolver."""
        await self._resolver.close()


def is_public_address(address: _Address) -> bool:
    """Tell whether an address is of the public internet, and every IPv4 address inside it, too."""
    inner = _embedded_ipv4(address)
    if inner is not None:
        return is_public_address(inner)
    return address.is_global and not address.is_multicast


def _embedded_ipv4(address: _Address) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address that a translator or tunnel takes out of an IPv6 address."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address in _NAT64 or address in _IPV4_COMPATIBLE:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour


def is_public(netloc: str) -> bool:
    """Tell whether a host may be public, by its name or literal address alone.

    `netloc` is the authority of a URL, with or without a port.
    """
    try:
        host = (urlsplit(f"//{netloc}").hostname or "").strip(".").lower()
    except ValueError:
        return False
    try:
        return is_public_address(ipaddress.ip_address(host))
    except ValueError:
        return _is_public_name(host)


def _is_public_name(host: str) -> bool:
    top = host.rpartition(".")[2]
    is_number = top.isdigit() or top.startswith("0x")  # 127.1 and 0x7f.1 are addresses, too
    if "." not in host or is_number or _is_below(host, _PRIVATE_SUFFIXES + _LOOPBACK_NAMES):
        return False
    written = (match.groups() for match in _IPV4_IN_NAME.finditer(host))
    return all(_is_public_ipv4(".".join(parts)) for parts in written)


def _is_below(host: str, suffixes: Collection[str]) -> bool:
    return any(host == suffix or host.endswith(f".{suffix}") for suffix in suffixes)


def _is_public_ipv4(text: str) -> bool:
    """Tell whether four numbers of a name are a public address, or no address at all."""
    try:
        return is_public_address(ipaddress.IPv4Address(text))
    except ValueError:
        return True
