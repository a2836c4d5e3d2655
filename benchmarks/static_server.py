"""Serves pages of 50 artists (36 KB, all ids distinct) as fast as Python can: bytes made before.

python -m benchmarks.static_server PAGES      prints its port, serves until it is ended
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import ClassVar

try:
    import uvloop
except ModuleNotFoundError:  # the peers' environment need not have it
    uvloop = None

ARTISTS = 50


def artist(number: int) -> dict[str, object]:
    key = f"{number:022d}"
    images = [
        {
            "url": f"https://images.invalid/ab6761610000e5eb{number:024d}{size:04d}",
            "height": size,
            "width": size,
        }
        for size in (640, 320, 160)
    ]
    return {
        "external_urls": {"spotify": f"https://open.spotify.com/artist/{key}"},
        "followers": {"href": None, "total": number % 99_991},
        "genres": ["deep house", "techno"],
        "href": f"https://api.spotify.com/v1/artists/{key}",
        "id": key,
        "images": images,
        "name": f"Artist Number {number}",
        "popularity": number % 101,
        "type": "artist",
        "uri": f"spotify:artist:{key}",
    }


def page(number: int) -> bytes:
    items = [artist(number * ARTISTS + place) for place in range(ARTISTS)]
    body = {
        "artists": {
            "href": "https://api.spotify.com/v1/search?query=genre&type=artist&offset=0&limit=50",
            "items": items,
            "limit": 50,
            "next": None,
            "offset": 0,
            "previous": None,
            "total": 50,
        }
    }
    return json.dumps(body).encode()


def _response(body: bytes) -> bytes:
    head = (
        f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class Server(asyncio.Protocol):
    pages: ClassVar[list[bytes]] = []
    token = _response(b'{"access_token": "sandbox-x", "token_type": "Bearer", "expires_in": 3600}')

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        line = data[: data.index(b"\r\n")]
        if b"/__sandbox__" in line:
            told = {
                "source": "spotify",
                "access": "extended-legacy",
                "world": "static",
                "now": time.time(),
            }
            self.transport.write(_response(json.dumps(told).encode()))
        elif line.startswith(b"POST"):
            self.transport.write(self.token)
        else:
            digits = (
                line.partition(b"page-")[2].partition(b"%")[0].partition(b" ")[0].partition(b"&")[0]
            )
            self.transport.write(self.pages[int(digits.partition(b'"')[0] or 0)])


async def main(count: int) -> None:
    Server.pages = [_response(page(number)) for number in range(count)]
    server = await asyncio.get_running_loop().create_server(Server, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop if uvloop else None) as runner:
        runner.run(main(int(sys.argv[1])))
