"""Promises of an endpoint: its kinds, fields and keys, and how many records should have them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from phonofilm.records import BY_KIND, Record
from phonofilm.sources.manifest import Manifest

# Nearly all records have a value in a field; fields that are empty more often stand in the
# manifests, by the recorded and simulated responses of November 2026.
_FILLED = 0.98
# A look-up nearly always returns what was looked up. Chosen, not tuned.
_LOOKED_UP = 0.9


class Promise(NamedTuple):
    """A field, with the shares (0 to 1) of records that are expected to have it; 0 for any.

    `present`: the field is there, null or not. `filled`: it has a value that says something.
    """

    field: str
    present: float
    filled: float


class KindPromises(NamedTuple):
    """Fields of a kind, and the share of responses (0 to 1) that have any record of it."""

    any: float
    fields: tuple[Promise, ...]


class Promises(NamedTuple):
    """Kinds that an endpoint returns, and keys that its bodies have whenever they have records."""

    kinds: dict[type[Record], KindPromises]
    keys: tuple[str, ...]


def promises_of(manifest: Manifest, access: str, endpoint: str) -> Promises:
    """Return the promises of an endpoint at an access level.

    A field that only some shapes of its kind show is not expected in a new folder.
    """
    spec, shares = manifest.endpoints[endpoint], manifest.shares
    kinds: dict[type[Record], KindPromises] = {}
    for kind in dict.fromkeys(shape.partition(".")[0] for shape in spec.returns):
        is_looked_up = spec.looks_up and kind == spec.subject
        shapes = [shape for shape in spec.returns if shape.partition(".")[0] == kind]
        shown = [manifest.shown(shape, access) for shape in shapes]
        everywhere = frozenset.intersection(*shown)
        fields = []
        for field in sorted(frozenset.union(*shown)):
            usual = float(field in everywhere)
            present = _stated(shares.present, endpoint, f"{kind}.{field}", usual)
            filled = _stated(shares.filled, endpoint, f"{kind}.{field}", _FILLED * usual)
            fields.append(Promise(field, present, min(filled, present)))
        expected = _stated(shares.present, endpoint, kind, _LOOKED_UP if is_looked_up else 0.0)
        kinds[BY_KIND[kind]] = KindPromises(expected, tuple(fields))
    return Promises(kinds, tuple(shares.keys.get(endpoint, ())))


def _stated(shares: Mapping[str, float], endpoint: str, name: str, usual: float) -> float:
    """Return the share of one endpoint, of all of them, or the usual one."""
    return shares.get(f"{endpoint}/{name}", shares.get(name, usual))
