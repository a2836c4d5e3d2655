"""Guards that end a crawl of a source that is down, blocked, limited or changed, in a sentence.

Each guard counts one kind of trouble. A guard returns the error that ends the crawl, or
None.
"""

from __future__ import annotations

from phonofilm.errors import (
    BotWallError,
    CredentialsError,
    PhonofilmError,
    ShapeError,
    StoreError,
    UnavailableError,
)
from phonofilm.net import limiter as net_limiter
from phonofilm.net.limiter import Limiter
from phonofilm.sources.contract import Finding

# All chosen in November 2026, not tuned: a crawl should survive a short fault of a source, and
# spend no more than some tens of requests on a long one.
HOPELESS_MAX = 20
# The shortest lives of tokens are ten minutes (2026).
RENEWALS_MAX = 5
RENEWALS_SECONDS = 600.0
MALFORMED_SHARE_MAX = 0.5
RESPONSES_MIN = 20

_SAVED = "Every answer so far."


class OutageGuard:
    """Guard against a source that is away: no usable response for longer than is waited."""

    def __init__(self, title: str, limiter: Limiter) -> None:
        self._title, self._limiter = title, limiter
        self._responded = False
        self._hopeless, self._failing_keys = 0, set[str]()
        self._was_unreachable = self._may_be_outage = False

    def on_response(self) -> None:
        """Note that the source responds."""
        self._responded = True
        self._was_unreachable = self._may_be_outage = False
        self._hopeless = 0
        self._failing_keys.clear()

    def on_failure(self, key: str, may_help: bool, reason: str) -> PhonofilmError | None:
        """Count a request without a usable response; UnavailableError when it is one too many.

        Those that no attempt would help are counted, all others end when patience does. `reason`
        begins with the kind of a `NoResponse`, where there was none.
        """
        self._was_unreachable = self._was_unreachable or reason.startswith("unreachable")
        self._may_be_outage = self._may_be_outage or not reason.startswith("HTTP 500")
        self._failing_keys.add(key)
        self._hopeless += not may_help
        if self._hopeless < HOPELESS_MAX and (not self.is_over or self.is_own_fault):
            return None
        return UnavailableError(
            f"{self._title} gives no usable answer ({reason}).",
            saved=_SAVED,
            next_step="Check the network and run the same command again; it goes on. With --wait"
            " it waits until the source is back.",
        )

    def give_up(self, now: float) -> None:
        """Start again after a request was given up, because its failures say nothing of others.

        `now` is steady seconds. The next one is not given up before the source responded again.
        """
        self._responded = False
        self._failing_keys.clear()
        self._limiter.on_response(now)

    @property
    def is_over(self) -> bool:
        """Whether the source failed for longer than is waited."""
        return self._limiter.failing_seconds >= net_limiter.PATIENCE_SECONDS

    @property
    def is_own_error(self) -> bool:
        """Whether a single request meets an error (HTTP 500) that is no sign of an outage."""
        return self.is_own_fault and not self._may_be_outage

    @property
    def is_own_fault(self) -> bool:
        """Whether a single request fails at a source that responded to others and is there."""
        is_single = len(self._failing_keys) == 1
        return self._responded and is_single and not self._was_unreachable


class KeyGuard:
    """Guard against a source that rejects every token: renewals within ten minutes."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._rejected: dict[str, float] = {}

    def on_unauthorised(self, headers: dict[str, str], now: float) -> PhonofilmError | None:
        """Count a rejected token (`now` is steady seconds); CredentialsError after too many."""
        self._rejected.setdefault(headers.get("Authorization", ""), now)
        recent = sum(at > now - RENEWALS_SECONDS for at in self._rejected.values())
        return key_error(self._title, 401) if recent > RENEWALS_MAX else None


class MalformedGuard:
    """Guard against a source that changed its shape: the share of malformed responses."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._responses = self._malformed = 0

    def on_response(self, malformed: bool) -> PhonofilmError | None:
        """Count a parsed response; ShapeError when too many are malformed."""
        self._responses += 1
        self._malformed += malformed
        if self._responses < RESPONSES_MIN:
            return None
        if self._malformed <= self._responses * MALFORMED_SHARE_MAX:
            return None
        return ShapeError(
            f"{self._malformed} of {self._responses} answers are not what "
            f"{self._title} used to send.",
            saved="All of them are kept and can be read again after an update.",
            next_step="Look at the findings: phonofilm status.",
        )


def drift_error(title: str, endpoint: str, finding: Finding) -> PhonofilmError:
    """Return the error for a promised field that vanished.

    Going on would fill the tables with nothing.
    """
    return ShapeError(
        f"{title} changed: {finding.detail}.",
        endpoint=endpoint,
        saved=_SAVED,
        next_step="Look for an update; or allow more with drift_share in the settings.",
    )


def wall_error(title: str, reason: str) -> PhonofilmError:
    """Return the error for a bot wall, which is never worked around."""
    return BotWallError(
        f"{title} asks for a browser: {reason}.",
        saved=_SAVED,
        next_step="The host is left alone. Use another source, or saved pages.",
    )


def key_error(title: str, status: int) -> PhonofilmError:
    """Return the error for a key or token that is rejected again after its renewal."""
    return CredentialsError(
        f"{title} refuses the key (HTTP {status}).",
        saved=_SAVED,
        next_step="Check the credentials: phonofilm doctor.",
    )


def useless_run_error(title: str, finding: str) -> PhonofilmError:
    """Return the error for a run in which no request was answered usefully."""
    cls = ShapeError if finding.startswith("malformed body") else StoreError
    return cls(
        f"{title} gave no usable answer ({finding}).",
        saved="Whatever came is kept; nothing counts as answered.",
        next_step="Run the same command again later.",
    )


def first_lists_error(title: str, lists: list[str], finding: str) -> PhonofilmError:
    """Return the error for a crawl in which lists that it begins with gave no answer at all."""
    cls = ShapeError if finding.startswith("malformed body") else StoreError
    named = ", ".join(lists[:3]) + (" ..." if len(lists) > 3 else "")
    return cls(
        f"{len(lists)} of the first lists of {title} gave no usable answer: {named} ({finding}).",
        saved=_SAVED,
        next_step="Run the same command again; it requests these lists again.",
    )
