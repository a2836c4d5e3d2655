"""Erase a person from the frontiers: ids and names become a word that names no person."""

from __future__ import annotations

from phonofilm.crawl.frontier.files import open_frontier
from phonofilm.crawl.frontier.frontier import Frontier
from phonofilm.crawl.results import not_found_file
from phonofilm.erasure.search_texts import SEARCHED_KINDS, NamePrefixes
from phonofilm.privacy.erased import TOMBSTONE
from phonofilm.privacy.people import PersonData
from phonofilm.sources import source_names
from phonofilm.workspace import Workspace


def erase_from_frontiers(workspace: Workspace, person: PersonData) -> None:
    """Replace the person's ids and names in the frontiers of all sources.

    Lists of names that were not found are deleted, because a name of the person may be among them.
    """
    for source in source_names():
        (workspace.root / not_found_file(source)).unlink(missing_ok=True)
        path = workspace.frontier / f"{source}.sqlite"
        if not path.exists():
            continue
        frontier = open_frontier(path)
        try:
            if source == person.source:
                frontier.store.erase_person(person.ids_by_kind, person.names, TOMBSTONE)
            else:
                _erase_searches(frontier, NamePrefixes(person))
        finally:
            frontier.close()


def _erase_searches(frontier: Frontier, names: NamePrefixes) -> None:
    """Replace the texts of searches that begin with one of the names."""
    texts = {frontier.id_of(seq) for kind in SEARCHED_KINDS for seq in frontier.index.by_kind[kind]}
    named = {text for text in texts if names.match(text)}
    if named:
        frontier.store.erase_person({}, named, TOMBSTONE)
