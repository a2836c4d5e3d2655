"""Change the scope of a frontier: levels are set anew from the landed responses, without requests.

Nodes of the last scope stay known; only how far they are followed changes. So a genre after an
artist, or everything after a genre, neither inherits what the other followed nor asks again.
"""

from __future__ import annotations

from phonofilm.crawl.frontier.frontier import Frontier
from phonofilm.crawl.scope.goal import Goal
from phonofilm.crawl.scope.replay import Replay
from phonofilm.crawl.scope.scopes import Scope
from phonofilm.sources.http import HttpSource

_CHANGING = ""
"""Name of the scope while levels are set anew: a crawl that is cut then sets them anew again."""
_PLANNED = "planned_since_scope"


def rescope(
    frontier: Frontier, source: HttpSource, scope: Scope, access: str, replay: Replay
) -> bool:
    """Add the seeds of a scope; set all levels anew first when the frontier had another scope.

    Responses to what a person named are read again in any case: they say which names exist. Returns
    whether the scope changed.
    """
    last_scope = frontier.settings.get("scope")
    changed = last_scope is not None and last_scope != scope.name
    if changed:
        frontier.settings["scope"] = _CHANGING
        frontier.reset_levels()
    seeds = scope.seeds(source, access)
    for link in seeds:
        frontier.add_nodes(link.kind, [(link.id, scope.link_level(link), False)])
    if scope.closed:
        replay.add(seeds)
    if frontier.settings.get(_PLANNED) or (changed and not scope.closed):
        replay.read_all()
    replay.read_raised()
    frontier.commit()
    frontier.settings["scope"] = scope.name
    frontier.settings.pop(_PLANNED, None)
    return changed


def note_planned_requests(frontier: Frontier) -> None:
    """Note that responses come which no scope follows: the next crawl reads them for its own."""
    if frontier.settings.get("scope") is not None:
        frontier.settings[_PLANNED] = "yes"


def start_estimates(frontier: Frontier, scope: Scope, goal: Goal) -> None:
    """Forget what was learned of queues when the scope or the wanted kinds changed.

    Gains count wanted kinds in the followed part. A list that brought nothing for another goal may
    bring all of this one.
    """
    learned_for = f"{scope.name} | {' '.join(sorted(goal.wants))}"
    if frontier.settings.get("learned_for") != learned_for:
        frontier.forget_gains()
        frontier.settings["learned_for"] = learned_for
