"""Estimate the cost of wanted records and fields from the manifests alone.

The estimate names requests, time, and the fields that stay empty.
"""

from __future__ import annotations

import math

import msgspec

from phonofilm.sources.capabilities import Offer, field_offers, rows_per_request
from phonofilm.sources.manifest import Budget, Manifest
from phonofilm.sources.routes import Field, field_label, routes

# Lists overlap: the share of a page that is new, on average of a long crawl. Chosen, not tuned.
_NEW_SHARE = 0.6
# Tracks and albums that stand for an artist when their fields are wanted. Chosen, not tuned.
_TRACKS_PER_ARTIST, _ALBUMS_PER_ARTIST = 10, 4
_DAY_SECONDS = 86_400


class PlannedRequests(msgspec.Struct):
    """A number of requests to one endpoint, and what they bring."""

    call: str
    calls: int
    brings: str


class Gap(msgspec.Struct):
    """A field that stays empty, the reason, and the sources that have it."""

    field: str
    why: str
    elsewhere: list[str]


class Plan(msgspec.Struct):
    """Estimated cost of wanted records and fields at one source.

    `seconds` follows from the rate limits, None when there is none; `days` are those on which
    requests are made. `key`: the operator needs a credential.
    """

    source: str
    access: str
    steps: list[PlannedRequests]
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
    fields: list[Field],
    others: list[tuple[Manifest, str]],
) -> Plan:
    """Estimate the cost of wanted numbers by kind, and of fields, at one source.

    `others` are all sources with their access levels: gaps name those that have the field.
    """
    estimate = _Estimate(manifest, access, _wanted_rows(wants, fields))
    estimate.add_discovery()
    estimate.add_files(wants, fields)
    gaps: list[Gap] = []
    for kind, field in fields:
        offer = field_offers(manifest, access, kind, field)
        if not offer.available:
            gaps.append(_gap(manifest, access, offer, others))
        elif (kind, field) not in estimate.shown:
            estimate.add_enrichment(offer)
    requests = sum(step.calls for step in estimate.steps)
    seconds, days = duration(requests, manifest.access[access].budgets)
    return Plan(
        source=manifest.name,
        access=access,
        steps=estimate.steps,
        gaps=gaps,
        calls=requests,
        seconds=seconds,
        days=days,
        licence=manifest.terms.licence,
        key=manifest.auth.needs_key,
    )


def _wanted_rows(wants: dict[str, int], fields: list[Field]) -> dict[str, int]:
    """Return the wanted rows by kind; fields of tracks and albums need some of each artist."""
    rows = dict(wants)
    kinds = {"track" if kind == "features" else kind for kind, _ in fields}
    artists = wants.get("artist", 0)
    if "track" in kinds:
        rows.setdefault("track", artists * _TRACKS_PER_ARTIST)
    if "album" in kinds:
        rows.setdefault("album", artists * _ALBUMS_PER_ARTIST)
    return rows


class _Estimate:
    """Requests in order, and the fields that they return on the way (`shown`)."""

    def __init__(self, manifest: Manifest, access: str, rows: dict[str, int]) -> None:
        self._manifest, self._access, self._rows = manifest, access, rows
        self._permitted = manifest.permitted(access)
        self.steps: list[PlannedRequests] = []
        self.shown: set[Field] = set()

    def add_discovery(self) -> None:
        """Add the requests that find the wanted rows."""
        for kind, number in self._rows.items():
            step = self._lists_of_artists(kind) or self._best_list(kind, number)
            if step is None:
                continue
            self.steps.append(step)
            for shape in self._manifest.endpoints[step.call].returns:
                if shape.startswith(f"{kind}."):
                    self._show(shape)

    def _show(self, shape: str) -> None:
        kind = shape.partition(".")[0]
        self.shown |= {(kind, field) for field in self._manifest.shown(shape, self._access)}

    def _lists_of_artists(self, kind: str) -> PlannedRequests | None:
        """Plan a request for each artist, where an endpoint lists the artist's items of a kind."""
        artists = self._rows.get("artist")
        for name, spec in self._permitted.items():
            listing = (spec.subject, spec.role, spec.item_kind) == ("artist", "contain", kind)
            if artists and listing:
                brings = f"{kind}s of {artists:,} artists, 1 artist a call"
                return PlannedRequests(name, artists, brings)
        return None

    def _best_list(self, kind: str, number: int) -> PlannedRequests | None:
        """Plan requests to the list that returns most new rows per request."""
        best, best_new = "", 0.0
        for name, spec in self._permitted.items():
            lists = spec.item_kind == kind and spec.role in ("contain", "relate", "seed")
            new = rows_per_request(spec, kind, self._access) * _NEW_SHARE
            if lists and spec.subject and new > best_new:
                best, best_new = name, new
        if not best:
            return None
        brings = f"{number:,} {kind}s, about {best_new:.0f} new a call"
        return PlannedRequests(best, math.ceil(number / best_new), brings)

    def add_files(self, wants: dict[str, int], fields: list[Field]) -> None:
        """Add the files of a dump that have wanted kinds or fields, each as one request."""
        for name, file in self._manifest.files.items():
            columns = {
                (shape.partition(".")[0], field)
                for shape in file.returns
                for field in self._manifest.shapes[shape]
            }
            if {kind for kind, _ in columns} & wants.keys() or columns & set(fields):
                brings = f"{file.megabytes:g} MB, {file.rows:,} rows: the whole file"
                self.steps.append(PlannedRequests(name, 1, brings))
                self.shown |= columns

    def add_enrichment(self, offer: Offer) -> None:
        """Add the requests that fill a field of rows already found."""
        spec = self._manifest.endpoints[offer.call]
        for shape in spec.returns:
            self._show(shape)
        self.shown.add((offer.kind, offer.field))
        if any(step.call == offer.call for step in self.steps):
            return
        subject = spec.subject if spec.subject in self._rows else next(iter(self._rows))
        batch = max(1, spec.batch)
        label = field_label((offer.kind, offer.field))
        brings = f"{label}, {batch} {subject}{'s' * (batch > 1)} a call"
        requests = math.ceil(self._rows[subject] / batch)
        self.steps.append(PlannedRequests(offer.call, requests, brings))


def _gap(manifest: Manifest, access: str, offer: Offer, others: list[tuple[Manifest, str]]) -> Gap:
    """Explain why a field stays empty, and name the sources that have it."""
    field = (offer.kind, offer.field)
    why = f"gone since {offer.gone}" if offer.gone else f"{manifest.title} has none"
    if equivalents := routes(manifest, access, *field):
        why = f"only as {equivalents[0].field}, which crawl --plan asks for"
    elsewhere = [
        f"{other.name} ({level})"
        for other, level in others
        if other.name != manifest.name
        and (field_offers(other, level, *field).available or routes(other, level, *field))
    ]
    return Gap(field_label(field), why, elsewhere)


def duration(requests: int, budgets: list[Budget]) -> tuple[float | None, int]:
    """Estimate the seconds that requests take under rate limits, and the days they are made on."""
    if not budgets:
        return None, 1
    seconds, days = 0.0, 1
    for budget in budgets:
        full_windows = max(0, math.ceil(requests / budget.limit) - 1)
        seconds = max(seconds, full_windows * budget.seconds)
        if budget.seconds >= _DAY_SECONDS:
            days = full_windows + 1
    short = (b.seconds / b.limit for b in budgets if b.seconds < _DAY_SECONDS)
    return max(seconds, requests * min(short, default=0.0) if days == 1 else seconds), days
