"""Names in the texts of searches: other sources were searched for a person's uploads by name."""

from __future__ import annotations

from phonofilm.privacy.people import PersonData
from phonofilm.privacy.pseudonyms import PREFIX

_NAME_CHARACTERS_MIN = 3  # shorter names begin too many texts of other people
SEARCHED_KINDS = ("artist_query", "track_query")


class NamePrefixes:
    """The names of a person as texts of searches begin with them; hashes are left out."""

    def __init__(self, person: PersonData) -> None:
        names = (
            name
            for name in person.names
            if not name.startswith(PREFIX) and len(name) >= _NAME_CHARACTERS_MIN
        )
        self._prefixes = tuple(f"{name.casefold()} " for name in sorted(names))

    def __bool__(self) -> bool:
        return bool(self._prefixes)

    def match(self, text: str) -> bool:
        """Tell whether a text of a search begins with one of the names, as whole words."""
        return f"{text} ".casefold().startswith(self._prefixes)
