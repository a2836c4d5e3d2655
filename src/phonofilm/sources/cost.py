"""What a wish would cost, from the manifests alone: which calls, how many, how long, what not."""

from __future__ import annotations

import math

import msgspec

from phonofilm.sources.capabilities import Offer, field_offers, rows_of
from phonofilm.sources.manifest import Budget, Manifest
from phonofilm.sources.routes import routes

# Lists overlap: of what a page shows, so much is new on average of a long crawl.
_NEW_SHARE = 0.6
# Tracks of an artist that stand for it when fields of tracks are wanted beside artists.
_TRACKS_OF_ARTIST, _ALBUMS_OF_ARTIST = 10, 4


class PlannedCalls(msgspec.Struct):
    """So many calls of one kind, and what for."""

    call: str
    calls: int
    brings: str


class Gap(msgspec.Struct):
    """A field that stays empty, why, and who else gives it."""

    field: str
    why: str
    elsewhere: list[str]


class Plan(msgspec.Struct):
    """What one source needs for a wish; `seconds` with its budgets, None when none is known."""

    source: str
    access: str
    steps: list[PlannedCalls]
    gaps: list[Gap]
    calls: int
    seconds: float | None
    days: int
    licence: str
    key: bool


def estimate_cost(
    manifest: Manifest,
    access: str,
    wants: dict[str, int],
    fields: list[tuple[str, str]],
    others: list[tuple[Manifest, str]],
) -> Plan:
    """Calls in order: first to find things, then to fill what finding does not show."""
    rows = _rows_wanted(wants, fields)
    steps, shown = _finding(manifest, access, rows)
    for file in _files(manifest, wants, fields):
        held = manifest.files[file]
        steps.append(
            PlannedCalls(file, 1, f"{held.megabytes:g} MB, {held.rows:,} rows: the whole file")
        )
        shown |= {
            (shape.partition(".")[0], f) for shape in held.returns for f in manifest.shapes[shape]
        }
    gaps: list[Gap] = []
    for kind, field in fields:
        found = field_offers(manifest, access, kind, field)
        if not found.here:
            gaps.append(_gap(manifest, access, found, others))
        elif (kind, field) not in shown:
            steps += _filling(manifest, access, found, rows, steps, shown)
    calls = sum(step.calls for step in steps)
    budgets = manifest.access[access].budgets
    seconds, days = duration(calls, budgets)
    return Plan(
        manifest.name,
        access,
        steps,
        gaps,
        calls,
        seconds,
        days,
        manifest.terms.licence,
        manifest.auth.needs_key,
    )


def _files(
    manifest: Manifest, wants: dict[str, int], fields: list[tuple[str, str]]
) -> dict[str, None]:
    """The files of a dump that hold wanted kinds and fields, in order."""
    needed: dict[str, None] = {}
    for name, file in manifest.files.items():
        for shape in file.returns:
            kind = shape.partition(".")[0]
            told = {(kind, field) for field in manifest.shapes[shape]}
            if kind in wants or told & set(fields):
                needed[name] = None
    return needed


def _rows_wanted(wants: dict[str, int], fields: list[tuple[str, str]]) -> dict[str, int]:
    """How many rows of each kind the wish means; tracks stand for artists where only they tell."""
    rows = dict(wants)
    kinds = {"track" if kind == "features" else kind for kind, _ in fields}
    artists = wants.get("artist", 0)
    if "track" in kinds:
        rows.setdefault("track", artists * _TRACKS_OF_ARTIST)
    if "album" in kinds:
        rows.setdefault("album", artists * _ALBUMS_OF_ARTIST)
    return rows


def _finding(
    manifest: Manifest, access: str, rows: dict[str, int]
) -> tuple[list[PlannedCalls], set[tuple[str, str]]]:
    """The calls that find so many things, and the fields they show on the way."""
    steps: list[PlannedCalls] = []
    shown: set[tuple[str, str]] = set()
    for kind, number in rows.items():
        step = _of_artists(manifest, access, kind, rows) or _found(manifest, access, kind, number)
        if step is None:
            continue
        steps.append(step)
        for shape in manifest.endpoints[step.call].returns:
            if shape.startswith(kind + "."):
                shown |= {(kind, field) for field in manifest.shown(shape, access)}
    return steps, shown


def _of_artists(
    manifest: Manifest, access: str, kind: str, rows: dict[str, int]
) -> PlannedCalls | None:
    """What belongs to artists is listed by a call for each of them, where there is one."""
    artists = rows.get("artist")
    for name, endpoint in manifest.permitted(access).items():
        mine = (
            endpoint.subject == "artist"
            and endpoint.role == "contain"
            and endpoint.item_kind == kind
        )
        if artists and mine:
            return PlannedCalls(name, artists, f"{kind}s of {artists:,} artists, 1 artist a call")
    return None


def _found(manifest: Manifest, access: str, kind: str, number: int) -> PlannedCalls | None:
    """The list that brings most new ones a call."""
    best, yielded = "", 0.0
    for name, endpoint in manifest.permitted(access).items():
        lists = endpoint.item_kind == kind and endpoint.role in ("contain", "relate", "seed")
        worth = rows_of(endpoint, kind, access) * _NEW_SHARE
        if lists and endpoint.subject and worth > yielded:
            best, yielded = name, worth
    if not best:
        return None
    calls = math.ceil(number / yielded)
    return PlannedCalls(best, calls, f"{number:,} {kind}s, about {yielded:.0f} new a call")


def _filling(
    manifest: Manifest,
    access: str,
    found: Offer,
    rows: dict[str, int],
    steps: list[PlannedCalls],
    shown: set[tuple[str, str]],
) -> list[PlannedCalls]:
    """The calls that add a field to things already found; what they show besides is shown too."""
    endpoint = manifest.endpoints[found.call]
    per = endpoint.batch if endpoint.batch > 1 else 1
    about = endpoint.subject if endpoint.subject in rows else next(iter(rows))
    for shape in endpoint.returns:
        kind = shape.partition(".")[0]
        shown |= {(kind, field) for field in manifest.shown(shape, access)}
    shown.add((found.kind, found.field))
    if any(step.call == found.call for step in steps):
        return []
    calls = math.ceil(rows[about] / per)
    what = "related artists" if found.kind == "relation" else f"{found.kind}.{found.field}"
    per_call = f"{per} {about}{'s' * (per > 1)} a call"
    return [PlannedCalls(found.call, calls, f"{what}, {per_call}")]


def _gap(manifest: Manifest, access: str, found: Offer, others: list[tuple[Manifest, str]]) -> Gap:
    wish = (found.kind, found.field)
    why = f"gone since {found.gone}" if found.gone else f"{manifest.title} has none"
    if likely := routes(manifest, access, *wish):
        why = f"only as {likely[0].field}, which crawl --plan asks for"
    elsewhere = [
        f"{other.name} ({level})"
        for other, level in others
        if other.name != manifest.name
        and (field_offers(other, level, *wish).here or routes(other, level, *wish))
    ]
    name = found.field if found.kind != "relation" else "related artists"
    return Gap(f"{found.kind}.{name}" if found.kind != "relation" else name, why, elsewhere)


def duration(calls: int, budgets: list[Budget]) -> tuple[float | None, int]:
    """Seconds that so many calls need, and days on which some are made."""
    if not budgets:
        return None, 1
    seconds, days = 0.0, 1
    for budget in budgets:
        windows = max(0, math.ceil(calls / budget.limit) - 1)
        seconds = max(seconds, windows * budget.seconds)
        if budget.seconds >= 86_400:
            days = windows + 1
    rest = min((b.seconds / b.limit for b in budgets if b.seconds < 86_400), default=0.0)
    return max(seconds, calls * rest if days == 1 else seconds), days
