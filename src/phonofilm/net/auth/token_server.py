"""What both kinds of tokens share about the server that grants them."""

from __future__ import annotations

from phonofilm.errors import StoreError
from phonofilm.net.base import NoResponse
from phonofilm.sources.contract import Response

# Tokens of ten minutes were seen as well as of ten hours (2026): each says how long it lives, and
# is replaced half a minute before. Chosen, not tuned: longer than a request may wait in a limiter.
EXPIRY_MARGIN_SECONDS = 30.0
SAVED = "Everything collected so far."


class TokenUnavailableError(StoreError):
    """A token server that fails, limits its requests or gives no response.

    `received` is handled as if the source had sent it, so that its limits and outages are met with
    the same patience.
    """

    def __init__(self, received: Response | NoResponse) -> None:
        super().__init__(
            "The token server does not answer.",
            saved=SAVED,
            next_step="Try again later; the crawl goes on where it stopped.",
        )
        self.received = received


def checked(received: Response | NoResponse) -> Response:
    """Return a response that grants or refuses a token. Raises TokenUnavailableError."""
    if isinstance(received, NoResponse) or received.status == 429 or received.status >= 500:
        raise TokenUnavailableError(received)
    return received
