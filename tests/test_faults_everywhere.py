"""What each fault of a response means at every endpoint of every source."""

from __future__ import annotations

import pytest

from phonofilm.sandbox.kernel.faults.registry import FAULTS
from phonofilm.sandbox.kernel.service import Clock, HttpRequest, HttpResponse, Wire
from phonofilm.sources import get
from phonofilm.sources.contract import Malformed, Response
from tests.genuine import ENDPOINTS, NAMES, genuine
from tests.test_faults import OUTCOMES

REQUEST = HttpRequest("GET", "/", {}, {}, b"", "http://x")
JSON = {"Content-Type": "application/json"}
PACKED = ("gzip_bomb", "gzip_broken", "huge_body")
"""Faults that the transport meets before any source, as it does those of the wire."""
VERDICTS = {
    "read": {"answer"},
    "retried": {"unavailable", "unauthorised"},
    "waited": {"throttled"},
    "parked": {"throttled", "quota"},
    "passed over": {"missing", "refused", "forbidden", "throttled"},
    "quarantined": {"malformed", "unavailable"},
    "stopped, exit 7": {"bot_wall"},
}
# Of a redirect the transport tells whether it may be followed; lists under other names than those
# of Spotify are renamed in tests/test_drift.py.
_ELSEWHERE = (*PACKED, "redirect_elsewhere", "redirect_loop", "delay", "renamed_lists")
MET = [name for name in FAULTS if name not in _ELSEWHERE]


def verdict_of(name: str, source: str, endpoint: str) -> str | None:
    """Classify and parse a genuine response with a fault; None when the fault leaves it alone."""
    request, response = genuine(source, endpoint)
    sent = HttpResponse(endpoint, 200, response.body, JSON)
    met = FAULTS[name](sent, REQUEST, Clock())
    if met == sent or met.wire is not Wire.WELL:
        return None
    headers = {key.lower(): value for key, value in met.headers.items()}
    changed = Response(met.status, headers, met.body, "http://x")
    outcome = get(source).classify(request, changed)
    if outcome.verdict != "answer":
        return outcome.verdict
    try:
        page = get(source).parse(request, changed)
    except Malformed:
        return "malformed"
    is_nothing = not page.records and page.findings
    return "malformed" if is_nothing and OUTCOMES[name][0] == "quarantined" else "answer"


@pytest.mark.parametrize("source", NAMES)
def test_a_fault_means_the_same_at_every_endpoint(source: str) -> None:
    for endpoint in (e for s, e in ENDPOINTS if s == source):
        for name in MET:
            if source == "imdb" and name == "bad_json":
                continue  # its pages are HTML, of which some JSON is only a part
            verdict = verdict_of(name, source, endpoint)
            assert verdict is None or verdict in VERDICTS[OUTCOMES[name][0]], (endpoint, name)
