"""A server on loopback that sends scripted bytes: whole responses, broken ones, or nothing."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator

Script = Callable[[int, str], bytes | None]
"""Takes the number of a request (from 0) and its first line; returns bytes, None for a reset."""


def response(status: int, *headers: str, body: bytes = b"{}", version: str = "1.1") -> bytes:
    """The bytes of a response with its length."""
    lines = (f"HTTP/{version} {status} Said", "Content-Type: application/json", *headers)
    head = "\r\n".join((*lines, f"Content-Length: {len(body)}", "", ""))
    return head.encode() + body


class WireServer:
    """Serves a script; `requests` are the first lines of the requests, `at` their seconds."""

    def __init__(self, script: Script, port: int = 0) -> None:
        self.script = script
        self.requests: list[str] = []
        self.at: list[float] = []
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", port))
        self._connections: set[socket.socket] = set()
        self.port = int(self._listener.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Go away: refuse connections and reset the ones there are."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in list(self._connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._connections.add(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection, connection.makefile("rb") as file:
            while first_line := file.readline().decode("latin-1").strip():
                size = 0
                while header := file.readline().strip():
                    name, _, value = header.decode("latin-1").partition(":")
                    size = int(value) if name.lower() == "content-length" else size
                file.read(size)
                if not self._answer(connection, first_line):
                    return
        self._connections.discard(connection)

    def _answer(self, connection: socket.socket, first_line: str) -> bool:
        with self._lock:
            number = len(self.requests)
            self.requests.append(first_line)
            self.at.append(time.monotonic())
        sent = self.script(number, first_line)
        if sent is None:
            _reset(connection)
            return False
        connection.sendall(sent)
        return _is_whole(sent) and not sent.startswith(b"HTTP/1.0")


def _is_whole(sent: bytes) -> bool:
    """Tell whether bytes are a response with all of its body; after others the connection ends."""
    head, _, body = sent.partition(b"\r\n\r\n")
    return head.endswith(b"Content-Length: %d" % len(body))


def _reset(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        linger_of_zero = b"\x01\x00\x00\x00\x00\x00\x00\x00"
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger_of_zero)
    connection.close()


@contextlib.contextmanager
def wire(script: Script, port: int = 0) -> Iterator[WireServer]:
    """Serve a script until the end of the block."""
    server = WireServer(script, port)
    try:
        yield server
    finally:
        server.close()
