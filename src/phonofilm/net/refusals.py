"""Classify refused responses, and describe them as the errors that people see."""

from __future__ import annotations

import aiohttp

from phonofilm.errors import BotWallError, CredentialsError, ParkedError, PhonofilmError, StoreError
from phonofilm.net.base import NoResponse
from phonofilm.net.bodies import headers_of
from phonofilm.sources.classify import classify_http
from phonofilm.sources.contract import Outcome, Response

# The marks of bot walls stand in the first 20,000 bytes (`sources.classify.is_wall`).
EXCERPT_BYTES = 20_000
# Chosen, not tuned: a refusal that names no time of return is waited out for a minute, a spent
# quota for a day.
UNSTATED_WAIT_SECONDS = 60.0
UNSTATED_QUOTA_SECONDS = 86_400.0


def wait_seconds(outcome: Outcome) -> float:
    """Return how long a source asks not to be requested, 0 where it does not ask for that."""
    if outcome.verdict == "quota":
        return outcome.retry_after_seconds or UNSTATED_QUOTA_SECONDS
    if outcome.verdict == "throttled":
        return outcome.retry_after_seconds or UNSTATED_WAIT_SECONDS
    return 0.0


async def classify_refusal(response: aiohttp.ClientResponse) -> Outcome:
    """Return the outcome of a refused request by status, headers and first bytes."""
    excerpt = await response.content.read(EXCERPT_BYTES)
    return classify_http(Response(response.status, headers_of(response), excerpt))


def classify_document(response: Response) -> Outcome:
    """Return the outcome of a request for a file; 202 is a challenge that shows no page.

    AWS WAF sends 202 without a body to clients that run no scripts (IMDb, March 2026).
    """
    if response.status == 202:
        return Outcome("bot_wall", "HTTP 202")
    return classify_http(response)


def refusal_error(
    outcome: Outcome, service: str, now: float, saved: str = "", what: str = "the request"
) -> PhonofilmError:
    """Describe a refusal as an error. `now` is Unix seconds, for the time of return."""
    if outcome.verdict == "bot_wall":
        return BotWallError(
            f"{service} asks for a browser ({outcome.reason}); it is left alone.", saved=saved
        )
    if seconds := wait_seconds(outcome):
        return ParkedError(
            f"{service} asks to wait {seconds:.0f} s.",
            resume_at=now + seconds,
            saved=saved,
            next_step="Run the same command then.",
        )
    if outcome.verdict == "unauthorised":
        return CredentialsError(
            f"{service} refuses the key ({outcome.reason}).",
            saved=saved,
            next_step="Check the credentials: phonofilm doctor.",
        )
    reason = outcome.reason or outcome.verdict
    return StoreError(f"{service} refuses {what}: {reason}.", saved=saved)


def no_response_error(
    failure: NoResponse, service: str, next_step: str = "Try again later."
) -> StoreError:
    """Describe a request that brought no response."""
    return StoreError(f"{service} does not answer: {failure.detail}.", next_step=next_step)
