"""People who were erased: left out of responses, and listed so that they stay out.

The list in the data folder holds keyed hashes of ids and names, so that it names no person.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import msgspec

from phonofilm.errors import storage_error
from phonofilm.files import atomic_write
from phonofilm.privacy.people import PersonData, first_field, is_person
from phonofilm.privacy.pseudonyms import MENTION, person_hash
from phonofilm.sources.contract import Malformed
from phonofilm.sources.decode import plain
from phonofilm.sources.manifest import Manifest, People

FILE = "forgotten.jsonl"
TOMBSTONE = "forgotten"
_REMOVED: Any = object()


class ErasedPeople:
    """The erased people of one source, as keyed hashes of ids and of names.

    A number can be the id of one person and the name of another: the two are never mixed. `fields`
    say where people stand in responses, `key` is the key of the hashes; objects that belong to
    `tracks` (comments) are removed, too.
    """

    def __init__(
        self,
        ids: frozenset[str],
        names: frozenset[str],
        fields: People,
        key: bytes,
        tracks: frozenset[str] = frozenset(),
    ) -> None:
        self.ids, self.names, self._fields = ids, names, fields
        self._key, self._tracks = key, tracks

    @classmethod
    def load(cls, root: Path, manifest: Manifest, key: Callable[[], bytes]) -> ErasedPeople | None:
        """Read the erased people of a data folder; None when there are none.

        `key` is read only when there are.
        """
        path = root / FILE
        if not path.exists():
            return None
        rows = [json.loads(line) for line in path.read_text("utf-8").splitlines() if line]
        hashes = [(row["what"], row["person"]) for row in rows if row["source"] == manifest.name]
        if not hashes:
            return None
        ids = frozenset(hashed for what, hashed in hashes if what == "id")
        names = frozenset(hashed for what, hashed in hashes if what == "name")
        return cls(ids, names, manifest.people, key())

    @classmethod
    def of(cls, person: PersonData, fields: People, key: bytes) -> ErasedPeople:
        """Return the filter for one person; names are hashed as written and in small letters."""
        forms = {form for name in person.names for form in (name, name.lower())}
        names = frozenset(person_hash(key, form) for form in forms)
        return cls(frozenset((person.hashed,)), names, fields, key, person.tracks)

    def save(self, root: Path, source: str) -> None:
        """Add these people to the list of a data folder; the caller holds its lock."""
        path = root / FILE
        text = path.read_text("utf-8") if path.exists() else ""
        for what, hashes in (("id", self.ids), ("name", self.names)):
            for hashed in sorted(hashes):
                line = json.dumps({"source": source, "what": what, "person": hashed}) + "\n"
                text += "" if line in text else line
        try:
            atomic_write(path, text, locked=True)
        except OSError as error:
            raise storage_error(path, error) from error

    def remove_from(self, body: bytes) -> bytes | None:
        """Return a body without these people and their objects; the same one without a match.

        None when it is about nothing else. A body that is not JSON stays as it is.
        """
        try:
            tree = plain(body)
        except Malformed:
            return body
        before = msgspec.json.encode(tree)
        pruned = self._prune(tree)
        if pruned is _REMOVED:
            return None
        after = msgspec.json.encode(pruned)
        return body if after == before else after

    def _prune(self, node: Any) -> Any:
        if isinstance(node, list):
            pruned = map(self._prune, node)
            return [element for element in pruned if element is not _REMOVED]
        if isinstance(node, str):
            return self.redact_mentions(node) if "@" in node else node
        if not isinstance(node, dict):
            return node
        if self._belongs_to_erased(node):
            return _REMOVED
        for field, value in node.items():
            pruned_value = self._prune(value)
            node[field] = None if pruned_value is _REMOVED else pruned_value
        return node

    def redact_mentions(self, text: str) -> str:
        """Replace mentions of these people in a text of another person."""

        def redact(match: re.Match[str]) -> str:
            hashes = (person_hash(self._key, match[1]), person_hash(self._key, match[1].lower()))
            return match[0] if self.names.isdisjoint(hashes) else f"@{TOMBSTONE}"

        return MENTION.sub(redact, text)

    def _belongs_to_erased(self, node: dict[str, Any]) -> bool:
        """Tell whether an object is one of them, or belongs to one of them."""
        fields = self._fields
        owners = [i for f in fields.owners if (i := first_field(node.get(f), fields.ids))]
        if is_person(node, fields) and (id_ := first_field(node, fields.ids)):
            owners.append(id_)
        if not owners:
            owners = [id_ for field in fields.owner_ids if (id_ := node.get(field))]
        if self._tracks and (track_fields := fields.track_ids.get(str(node.get("kind")))):
            track = first_field(node, track_fields)
            if str(track).rsplit(":", 1)[-1] in self._tracks:
                return True
        return any(person_hash(self._key, id_) in self.ids for id_ in owners)


def redact_run_result(result: str, texts: Iterable[str]) -> str:
    """Replace what names one of the texts in the JSON of a run.

    These are the examples of findings, and names that were not found.
    """
    tree, personal_texts = json.loads(result), list(texts)
    for finding in tree.get("findings", ()):
        if any(text in str(finding.get("example")) for text in personal_texts):
            finding["example"] = TOMBSTONE
    named = tree.get("not_found", ())
    if any(text in str(row) for row in named for text in personal_texts):
        tree["not_found"] = [
            row for row in named if not any(text in str(row) for text in personal_texts)
        ]
    return json.dumps(tree, ensure_ascii=False)
