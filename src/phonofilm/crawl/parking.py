"""Parking: a source that asked for a long pause is left alone until then, over all runs."""

from __future__ import annotations

from phonofilm.crawl.context import CrawlContext
from phonofilm.crawl.frontier.base import Frontier
from phonofilm.errors import ParkedError
from phonofilm.formatting import format_minute
from phonofilm.net.origin.origin import Origin
from phonofilm.sources.http import HttpSource


def check_parking(frontier: Frontier, origin: Origin, source: HttpSource) -> None:
    """Raise ParkedError while a source is parked.

    A wall clock that was set back does not lengthen the pause: the rest of it counts from now.
    """
    until = frontier.meta("parked_until")
    if until is None or frontier.meta("parked_origin") not in (None, origin.name):
        return
    now, resume_at = origin.clock.wall(), float(until)
    parked_at = float(frontier.meta("parked_at") or now)
    if now < parked_at:
        resume_at = now + (resume_at - parked_at)
        _save(frontier, resume_at, now)
    if now >= resume_at:
        frontier.set_meta("parked_until", None)
        return
    raise ParkedError(
        f"{source.manifest.title} is parked until {format_minute(resume_at)}.",
        resume_at=resume_at,
        saved="Everything collected so far; nothing was asked now.",
        next_step="Run the same command after that minute, or add --wait.",
    )


def save_parking(context: CrawlContext) -> None:
    """Save how long the limiter parked its source, if it did."""
    if context.limiter.parked_until is not None:
        _save(context.frontier, context.limiter.parked_until, context.clock.wall())


def _save(frontier: Frontier, resume_at: float, parked_at: float) -> None:
    frontier.set_meta("parked_until", str(resume_at))
    frontier.set_meta("parked_at", str(parked_at))
