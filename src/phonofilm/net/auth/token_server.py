"""What both kinds of tokens share about the server that grants them."""

from __future__ import annotations

from phonofilm.errors import StoreError

# Tokens of ten minutes were seen as well as of ten hours (2026): each says how long it lives, and
# is replaced half a minute before. Chosen, not tuned: longer than a request may wait in a limiter.
EXPIRY_MARGIN_SECONDS = 30.0
SAVED = "Everything collected so far."


def unavailable_error() -> StoreError:
    """Describe a token server that gives no response, or fails."""
    return StoreError(
        "The token server does not answer.",
        saved=SAVED,
        next_step="Try again later; the crawl goes on where it stopped.",
    )
