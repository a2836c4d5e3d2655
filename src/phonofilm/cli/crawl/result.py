"""Print how a crawl ended."""

from __future__ import annotations

from phonofilm.cli.console import Part, in_folder, note, say
from phonofilm.cli.summary import CONTINUE, print_finding, print_records
from phonofilm.crawl.results import CrawlResult, not_found_file
from phonofilm.formatting import format_duration, format_minute
from phonofilm.media.downloads import MediaResult
from phonofilm.records.kinds import BY_PLURAL
from phonofilm.workspace import Workspace

_GOOD, _ODD, _PAUSED = ("✓", "green"), ("!", "yellow"), ("⏸", "yellow")
_ENDINGS: dict[str, tuple[Part, ...]] = {
    "goal": (_GOOD, " The goal is met"),
    "done": (_GOOD, " Nothing more to ask that would bring anything"),
    "parked": (_PAUSED, " Parked"),
    "interrupted": (_PAUSED, " Interrupted; everything is saved"),
    "stopped": (_PAUSED, " The given limit is reached"),
}
# Chosen, not tuned: what fits on a screen; the file has all.
_NOT_FOUND_SHOWN = 10


def print_result(result: CrawlResult, workspace: Workspace) -> None:
    """Print how a crawl ended, its records, files and findings, and how to go on."""
    say(
        *_ending(result),
        f": {result.calls:,} calls in {format_duration(result.elapsed_s)},"
        f" {result.new_per_call} new per call.",
    )
    if outcome := format_outcome(result):
        say(outcome)
    print_records(result.records, result.coverage)
    if result.media:
        _print_media(result.media)
    for finding in result.findings:
        print_finding(finding)
    if result.not_found:
        _print_not_found(result, workspace)
    if result.status in ("parked", "interrupted", "stopped"):
        note(CONTINUE)
    else:
        note(f"Next: {in_folder('phonofilm load', workspace.root)}")


def format_outcome(result: CrawlResult) -> str:
    """Return what was asked for and what came: "50 house artists, all there are; ..."."""
    parts = []
    for plural in result.coverage:
        rows = result.in_scope.get(plural, {"full": 0, "mentioned": 0})
        known = result.records.get(plural, rows)
        others = sum(known.values()) - sum(rows.values())
        noun = BY_PLURAL[plural].kind if rows["full"] == 1 else plural
        of_scope = " ".join(filter(None, (result.scope, noun)))
        text = f"{rows['full']:,} {of_scope}{_completeness(result, plural, rows['mentioned'])}"
        other = "1 other was" if others == 1 else f"{others:,} others were"
        parts.append(text + (f"; {other} mentioned" if others else ""))
    return ". ".join(parts) + "." if parts else ""


def _completeness(result: CrawlResult, plural: str, mentioned: int) -> str:
    if mentioned:
        return f" and {mentioned:,} by name alone"
    is_whole = result.status == "done" and result.coverage[plural][0] >= 1
    return ", all there are" if is_whole and not result.not_found else ""


def _ending(result: CrawlResult) -> tuple[Part, ...]:
    if result.status == "done" and _lacks_something_named(result):
        return _ODD, " Not all that was named could be found"
    ending = _ENDINGS.get(result.status, (result.status,))
    if result.status == "parked" and result.resume_at:
        ending += (" until ", (format_minute(result.resume_at), "bold"))
    return ending


def _lacks_something_named(result: CrawlResult) -> bool:
    return bool(result.not_found) or any(f["kind"] == "unknown_genre" for f in result.findings)


def _print_not_found(result: CrawlResult, workspace: Workspace) -> None:
    """Print the first names that were not found, and the file that lists all."""
    for row in result.not_found[:_NOT_FOUND_SHOWN]:
        say(f"  {row.name}")
    path = workspace.root / not_found_file(result.source)
    count, named = len(result.not_found), result.named
    note(f"{count:,} of {named:,} that were named were not found; all of them: {path}")


def _print_media(media: MediaResult) -> None:
    by_role = ", ".join(f"{role} {count:,}" for role, count in media.by_role.items())
    say(
        f"{media.files:,} files, {media.bytes / 1e6:,.1f} MB{f': {by_role}' if by_role else ''};"
        f" {media.already:,} were here, {media.refused:,} refused, {media.left:,} left."
    )
