"""Which endpoints can bring what is wanted: from the manifest alone."""

from __future__ import annotations

from collections.abc import Set

from phonofilm.crawl.scope.goal import Goal
from phonofilm.crawl.scope.scopes import Scope
from phonofilm.records import BY_KIND, core_fields
from phonofilm.sources.manifest import Endpoint, Manifest


def relevant_endpoints(
    manifest: Manifest, access: str, goal: Goal, scope: Scope, absent: Set[str]
) -> list[str]:
    """Endpoints that can bring something wanted, directly or by what they lead to."""
    present = {
        name: endpoint
        for name, endpoint in manifest.permitted(access).items()
        if name not in absent and not (scope.closed and endpoint.role == "relate")
    }
    best = {n: e for n, e in present.items() if not _beaten(manifest, access, goal, n, present)}
    if scope.closed:
        best = {n: e for n, e in best.items() if not _detour(goal, e, present)}
    wanted = set(goal.wants)
    found: set[str] = set()
    while True:
        more = {n for n, e in best.items() if n not in found and _brings(e, wanted)}
        if not more:
            return [name for name in best if name in found]
        found |= more
        wanted |= {best[name].subject for name in more}


def _beaten(
    manifest: Manifest, access: str, goal: Goal, name: str, present: dict[str, Endpoint]
) -> bool:
    """A single look-up beside a batch one; a list beside a fuller list of the same things."""
    spec = present[name]
    for other, rival in present.items():
        if other == name or rival.subject != spec.subject or not spec.subject:
            continue
        if rival.role == spec.role == "detail" and rival.batch > spec.batch:
            return True
        itself = spec.role == "detail" and spec.subject in goal.wants
        if rival.item_kind == spec.item_kind and not itself and rival.role != "relate":
            mine, theirs = (_fields(manifest, access, e) for e in (spec, rival))
            if spec.role == "detail" and rival.role == "contain" and mine < theirs:
                return True
    return False


def _detour(goal: Goal, spec: Endpoint, present: dict[str, Endpoint]) -> bool:
    """A list of nothing wanted that only leads to what another list has all of."""
    if spec.role != "contain" or spec.complete or spec.item_kind in goal.wants:
        return False
    beyond = {e.item_kind for e in present.values() if e.subject == spec.item_kind}
    rivals = (e for e in present.values() if e.complete and e.subject == spec.subject)
    return any(rival.item_kind in beyond for rival in rivals)


def _fields(manifest: Manifest, access: str, spec: Endpoint) -> frozenset[str]:
    core = core_fields(BY_KIND[spec.item_kind]) if spec.item_kind in BY_KIND else frozenset()
    shapes = [s for s in spec.returns if s.startswith(spec.item_kind + ".")]
    held = (manifest.shown(shape, access) for shape in shapes)
    return frozenset().union(*held) & core


def gives_full(manifest: Manifest, access: str, spec: Endpoint, kind: str) -> bool:
    """Whether a call shows all that can be had of a kind at this access level."""
    wanted = core_fields(BY_KIND[kind]) & manifest.obtainable(kind, access)
    shapes = [s for s in spec.returns if s.startswith(kind + ".")]
    return any(wanted <= manifest.shown(shape, access) for shape in shapes)


def own_kinds(spec: Endpoint) -> set[str]:
    """What belongs to the node asked about, whoever is credited in it."""
    return {spec.item_kind, spec.subject} if spec.role == "detail" else {spec.item_kind}


def _brings(spec: Endpoint, wanted: set[str]) -> bool:
    kinds = {shape.partition(".")[0] for shape in spec.returns} | {spec.item_kind}
    return bool(kinds & wanted)
