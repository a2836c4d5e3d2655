"""Guards that end a crawl of a source that is down, blocked, limited or changed, in a sentence.

Each guard counts one kind of trouble. A guard returns the error that ends the crawl, or
None; the one of rejections parks the source.
"""

from __future__ import annotations

from phonofilm.errors import BotWallError, CredentialsError, PhonofilmError, ShapeError, StoreError
from phonofilm.net.limiter import Limiter
from phonofilm.sources.contract import Finding

# All chosen in November 2026, not tuned: a crawl should survive a short fault of a source, and
# spend no more than some tens of requests on a long one.
SILENT_MAX = 20
REJECTIONS_MAX = 20
REJECTED_PARK_SECONDS = 3600.0
MALFORMED_SHARE_MAX = 0.5
RESPONSES_MIN = 20

_SAVED = "Every answer so far."


class SilenceGuard:
    """Guard against a source that is down: requests in a row without a usable response."""

    def __init__(self, title: str) -> None:
        self._title, self._silent = title, 0

    def reset(self) -> None:
        """Start counting again, because the source answered."""
        self._silent = 0

    def on_silence(self, reason: str) -> PhonofilmError | None:
        """Count a request without a usable response; StoreError after too many in a row."""
        self._silent += 1
        if self._silent < SILENT_MAX:
            return None
        return StoreError(
            f"{self._title} gives no usable answer ({reason}).",
            saved=_SAVED,
            next_step="Check the network and run the same command again; it goes on.",
        )


class RejectionGuard:
    """Guard against a quota that the source does not announce: rejections in a row."""

    def __init__(self, limiter: Limiter, workers: int) -> None:
        # Each worker may have a request in flight when the quota ends.
        self._limiter, self._rejections_max = limiter, REJECTIONS_MAX + workers
        self._rejections = 0

    def reset(self) -> None:
        """Start counting again, because the source answered."""
        self._rejections = 0

    def on_rejected(self) -> None:
        """Count a rejected request; park the source for an hour after too many in a row."""
        self._rejections += 1
        if self._rejections >= self._rejections_max:
            self._limiter.park(REJECTED_PARK_SECONDS, "refused again and again")


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
