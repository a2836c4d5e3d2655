"""The whole engine against a stand-in in the same process: everything but sockets and sleep."""

from __future__ import annotations

import base64
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import msgspec

from phonofilm.crawl.context import CrawlContext
from phonofilm.crawl.engine import Engine
from phonofilm.crawl.frontier.files import open_frontier
from phonofilm.crawl.frontier.frontier import Frontier
from phonofilm.crawl.planner.planner import Planner
from phonofilm.crawl.planner.policies import policy
from phonofilm.crawl.planner.relevance import GoalEndpoints
from phonofilm.crawl.responses.writer import ResponseWriter
from phonofilm.crawl.scope.goal import Goal
from phonofilm.crawl.scope.replay import Replay
from phonofilm.crawl.scope.scopes import Everything, Scope
from phonofilm.landing.envelope import RunInfo
from phonofilm.net.clock import Clock
from phonofilm.net.limiter import Limiter
from phonofilm.runtime.event_loop import run
from phonofilm.sandbox.kernel.server import SandboxServer
from phonofilm.sandbox.kernel.service import HttpRequest
from phonofilm.sources import get
from phonofilm.sources.contract import Response
from phonofilm.workspace import FolderLock, Workspace

BASE = "http://127.0.0.1:1"


class Direct:
    """Sends to a stand-in without a socket, and notes what was known before each call."""

    def __init__(self, stand_in: SandboxServer, frontier: Frontier, kind: str, scheme: str) -> None:
        self._stand_in, self._frontier, self._kind = stand_in, frontier, kind
        self._scheme = scheme
        self.known: list[int] = []
        self.look: Callable[[], None] = lambda: None

    async def get(
        self, path: str, query: dict[str, str], headers: dict[str, str], base_url: str = ""
    ) -> Response:
        self.known.append(len(self._frontier.index.by_kind[self._kind]))
        self.look()
        sent = {
            "Authorization": f"{self._scheme} {token(self._stand_in)}",
            "User-Agent": "phonofilm-benchmarks/1 (somebody@example.org)",
        }
        answer = self._stand_in.respond(HttpRequest("GET", path, query, sent, b"", BASE))
        return Response(
            answer.status, {k.lower(): v for k, v in answer.headers.items()}, answer.body
        )


def token(stand_in: SandboxServer) -> str:
    """A token of a stand-in that wants one, got once."""
    held = getattr(stand_in, "bench_token", None)
    if held is None:
        key = base64.b64encode(b"sandbox:sandbox").decode()
        headers = {"Authorization": f"Basic {key}"}
        body = b"grant_type=client_credentials"
        answer = stand_in.respond(HttpRequest("POST", "/api/token", {}, headers, body, BASE))
        told = msgspec.json.decode(answer.body)
        held = told.get("access_token", "")
        stand_in.bench_token = held
    return held


class NoToken:
    async def headers(self) -> dict[str, str]:
        return {}

    async def renew(self, spent: dict[str, str]) -> bool:
        return False


def crawl(
    stand_in: SandboxServer,
    source_name: str,
    wants: dict[str, int | None],
    name: str = "information",
    scope: Scope | None = None,
    max_calls: int | None = None,
    kind: str = "artist",
    look: Callable[[Engine], None] | None = None,
) -> tuple[list[int], Engine]:
    """Known things before each call and at the end, and the engine that asked."""
    root = Workspace(Path(tempfile.mkdtemp()) / "data")
    source, scope = get(source_name), scope or Everything()
    access = stand_in.service.access
    try:
        root.open()
        with FolderLock(root, "benchmark"):
            frontier = open_frontier(root.frontier / f"{source_name}.sqlite")
            goal, clock = Goal(wants, max_calls), Clock()
            writer = ResponseWriter(
                workspace=root,
                frontier=frontier,
                manifest=source.manifest,
                run_info=RunInfo(source_name, access, "", "run"),
                clock=clock,
                names=None,
                workers=1,
            )
            for link in scope.seeds(source, access):
                frontier.add_nodes(link.kind, [(link.id, scope.link_level(link), False)])
            endpoints = GoalEndpoints(
                manifest=source.manifest, access=access, goal=goal, scope=scope
            )
            planner = Planner(endpoints, frontier, policy(name))
            auth = source.manifest.auth
            scheme = auth.scheme if auth else "Bearer"
            sender = Direct(stand_in, frontier, kind, scheme)
            context = CrawlContext(
                source=source,
                access=access,
                goal=goal,
                scope=scope,
                frontier=frontier,
                planner=planner,
                replay=Replay(frontier, source, scope, access, writer.read_log),
                limiter=Limiter([], clock),
                sender=sender,
                tokens=NoToken(),
                writer=writer,
                clock=clock,
                run="run",
            )
            engine = Engine(context, 1)
            if look is not None:
                sender.look = lambda: look(engine)
            run(engine.crawl())
            sender.known.append(len(frontier.index.by_kind[kind]))
            engine.kept_tally = frontier.tally()
            frontier.close()
            return sender.known, engine
    finally:
        shutil.rmtree(root.root.parent)
