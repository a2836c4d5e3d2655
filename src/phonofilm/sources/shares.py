"""Promises of an endpoint: its kinds, fields and keys, and how many records should have them."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain
from typing import NamedTuple

from phonofilm.records import BY_KIND, Record
from phonofilm.sources.manifest import Manifest

# Nearly all records have a value in a field; fields that are empty more often stand in the
# manifests, by the recorded and simulated responses of November 2026.
_FILLED = 0.98
# A record with a quarter of the fields of a large shape is a mention. Chosen, not tuned.
_LARGE_SHAPE = 8
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
    """Fields of a kind, and the share of responses (0 to 1) that have any record of it.

    Records with at most `mention_fields_max` of the fields are mentions of other records.
    """

    any: float
    fields: tuple[Promise, ...]
    mention_fields_max: int = -1


class Promises(NamedTuple):
    """Kinds that an endpoint returns, and keys that its bodies have whenever they have records."""

    kinds: dict[type[Record], KindPromises]
    keys: tuple[str, ...]


def promises_of(manifest: Manifest, access: str, endpoint: str) -> Promises:
    """Return the promises of an endpoint at an access level."""
    spec, shares = manifest.endpoints[endpoint], manifest.shares
    names = dict.fromkeys(shape.partition(".")[0] for shape in spec.returns)
    kinds = {BY_KIND[kind]: _kind_promises(manifest, access, endpoint, kind) for kind in names}
    named = (shares.keys.get(name, ()) for name in (endpoint, *spec.returns))
    keys = dict.fromkeys(chain.from_iterable(named))
    return Promises(kinds, tuple(keys))


def _kind_promises(manifest: Manifest, access: str, endpoint: str, kind: str) -> KindPromises:
    """Return the promises of one kind: the fields of its largest shape."""
    spec, shares = manifest.endpoints[endpoint], manifest.shares
    shapes = [shape for shape in spec.returns if shape.partition(".")[0] == kind]
    *smaller, largest = sorted((manifest.shown(shape, access) for shape in shapes), key=len)
    fields = []
    for field in sorted(largest.union(*smaller)):
        usual = float(field in largest)
        present = _stated(shares.present, endpoint, f"{kind}.{field}", usual)
        filled = _stated(shares.filled, endpoint, f"{kind}.{field}", _FILLED * usual)
        fields.append(Promise(field, present, min(filled, present)))
    few = len(largest) // 4 if len(largest) >= _LARGE_SHAPE else -1
    mention_fields_max = len(smaller[-1]) if smaller else few
    is_looked_up = spec.role in ("detail", "measure") and kind in (spec.subject, spec.item_kind)
    expected = _stated(shares.present, endpoint, kind, _LOOKED_UP if is_looked_up else 0.0)
    return KindPromises(expected, tuple(fields), mention_fields_max)


def _stated(shares: Mapping[str, float], endpoint: str, name: str, usual: float) -> float:
    """Return the share of one endpoint, of all of them, or the usual one."""
    return shares.get(f"{endpoint}/{name}", shares.get(name, usual))
