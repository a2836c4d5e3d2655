"""Convert MusicBrainz's objects of one response into records."""

from __future__ import annotations

from msgspec import UNSET, UnsetType

from phonofilm.records import Album, Artist, Genre, Maybe, Tag, Track
from phonofilm.records.values.codes import isrc
from phonofilm.sources.contract import Finding
from phonofilm.sources.musicbrainz import api_types
from phonofilm.sources.musicbrainz.other_catalogues import elsewhere
from phonofilm.sources.record_builder import RecordBuilder, external_id, mapped

SOURCE = "musicbrainz"
TAG_LICENCE = "CC BY-NC-SA 3.0"
_PAGE = "https://musicbrainz.org"
VARIOUS = "89ad4ac3-39f7-470e-963a-56509c546377"


def _blank(text: Maybe[str]) -> Maybe[str]:
    return None if text == "" else text


class PageBuilder(RecordBuilder):
    """Builder of the records of one response."""

    def artist(self, row: api_types.Artist) -> str:
        """Add an artist as listed or looked up."""
        self.page.records.append(
            Artist(
                SOURCE,
                row.id,
                name=row.name,
                artist_type=mapped(row.type, str.lower),
                aliases=mapped(row.aliases, _names),
                disambiguation=_blank(row.disambiguation),
                country=row.country,
                begin_date=mapped(row.life_span, lambda span: span.begin),
                url=f"{_PAGE}/artist/{row.id}",
            )
        )
        self._tags("artist", row.id, row.genres, row.tags)
        for relation in row.relations or ():
            if relation.url is None or relation.ended:
                continue
            if known := elsewhere(relation.url.resource, "artist"):
                self._known_as("artist", row.id, *known)
        return row.id

    def genre(self, row: api_types.Genre) -> None:
        """Add a genre; its id is its name, because genres are requested by name."""
        self.page.records.append(Genre(SOURCE, row.name, name=row.name))

    def _known_as(self, kind: str, key: str, scheme: str, value: str) -> None:
        self.page.records.append(external_id(SOURCE, kind, key, scheme, value))

    def _tags(
        self,
        kind: str,
        key: str,
        genres: list[api_types.Tag] | None | UnsetType,
        tags: list[api_types.Tag] | None | UnsetType,
    ) -> None:
        """Add genres as tags, because MusicBrainz's genres are not CC0."""
        known = {tag.name for tag in genres or ()}
        for tag in {tag.name: tag for tag in (*(tags or ()), *(genres or ()))}.values():
            is_genre = tag.name in known if genres is not UNSET else UNSET
            self.page.records.append(
                Tag(
                    SOURCE,
                    f"{kind}:{key}:{tag.name}",
                    of_kind=kind,
                    of_id=key,
                    name=tag.name,
                    votes=tag.count,
                    is_genre=is_genre,
                    licence=TAG_LICENCE,
                )
            )

    def _mention(self, row: api_types.Artist | api_types.Target) -> None:
        """Mention an artist as it stands in credits and relations."""
        mention = Artist(
            SOURCE,
            row.id,
            name=row.name,
            disambiguation=_blank(row.disambiguation),
            url=f"{_PAGE}/artist/{row.id}",
        )
        self._mentions.setdefault(("artist", row.id), mention)

    def _credits(
        self, people: list[api_types.Credit] | None | UnsetType
    ) -> tuple[Maybe[list[str]], Maybe[list[str | None]]]:
        if not isinstance(people, list):
            return people, people
        for credit in people:
            if credit.artist.id != VARIOUS:
                self._mention(credit.artist)
        return [c.artist.id for c in people], [c.name or c.artist.name or None for c in people]

    def release(self, row: api_types.Release, mention: bool = False) -> str:
        """Add a release; with `mention` as it stands beside a recording."""
        if mention:
            self._mentions.setdefault(
                ("album", row.id),
                Album(
                    SOURCE,
                    row.id,
                    name=row.title,
                    release_date=row.date,
                    url=f"{_PAGE}/release/{row.id}",
                ),
            )
            return row.id
        ids, names = self._credits(row.artist_credit)
        group = row.release_group
        self.page.records.append(
            Album(
                SOURCE,
                row.id,
                name=row.title,
                album_type=mapped(group, _type_of),
                artist_ids=ids,
                artist_names=names,
                release_date=row.date,
                total_tracks=_tracks(row),
                label=mapped(row.label_info, _label),
                upc=row.barcode,
                group_id=mapped(group, lambda g: g.id),
                disambiguation=_blank(row.disambiguation),
                url=f"{_PAGE}/release/{row.id}",
            )
        )
        self._tags("album", row.id, row.genres, row.tags)
        for disc in row.media or () if isinstance(row.media, list) else ():
            for track in disc.tracks or ():
                if track.recording:
                    self.recording(track.recording, row, track, disc)
                else:
                    self.page.findings.append(Finding("without_id", f"a track of {row.id}"))
        return row.id

    def recording(
        self,
        row: api_types.Recording,
        release: api_types.Release | None = None,
        medium_track: api_types.Track | None = None,
        disc: api_types.Medium | None = None,
    ) -> str:
        """Add a recording; its release is the one of the request, or the first listed."""
        if release is None and isinstance(row.releases, list) and row.releases:
            release = row.releases[0]
            self.release(release, mention=True)
        ids, names = self._credits(row.artist_credit)
        if row.title is None:
            self.page.findings.append(Finding("track_without_name", row.id))
        codes = self._isrcs(row)
        on = row.releases is not UNSET or release is not None
        self.page.records.append(
            Track(
                SOURCE,
                row.id,
                name=row.title,
                artist_ids=ids,
                artist_names=names,
                album_id=(release.id if release else None) if on else UNSET,
                album_name=(release.title if release else None) if on else UNSET,
                duration_ms=row.length,
                isrc=mapped(row.isrcs, lambda _: codes[0] if codes else None),
                track_number=medium_track.position if medium_track else UNSET,
                disc_number=disc.position if disc else UNSET,
                release_date=row.first_release_date,
                disambiguation=_blank(row.disambiguation),
                url=f"{_PAGE}/recording/{row.id}",
            )
        )
        for code in codes[1:]:
            self._known_as("track", row.id, "isrc", code)
        self._tags("track", row.id, row.genres, row.tags)
        return row.id

    def _isrcs(self, row: api_types.Recording) -> list[str]:
        """Return the valid codes of a recording; each other one is a finding."""
        texts = row.isrcs if isinstance(row.isrcs, list) else []
        odd = (text for text in texts if text and not isrc(text))
        self.page.findings += [Finding("odd_value", f"track.isrc: {text[:40]!r}") for text in odd]
        return [code for text in texts if (code := isrc(text))]

    def address(self, row: api_types.Address) -> None:
        """Add the external ids of an address of another catalogue."""
        for relation in row.relations or ():
            for kind, target in (
                ("artist", relation.artist),
                ("album", relation.release),
                ("track", relation.recording),
            ):
                if target is None:
                    continue
                if kind == "artist":
                    self._mention(target)
                known = elsewhere(row.resource, kind)
                if known and not relation.ended:
                    self._known_as(kind, target.id, *known)


def _names(aliases: list[api_types.Alias]) -> list[str]:
    return list(dict.fromkeys(alias.name for alias in aliases if alias.name))


def _type_of(group: api_types.Group) -> str | None:
    """Return a live album is an album; a compilation says so before all else."""
    second = [text.lower() for text in group.secondary_types or ()]
    return "compilation" if "compilation" in second else (group.primary_type or "").lower() or None


def _label(rows: list[api_types.LabelInfo]) -> str | None:
    return next((row.label.name for row in rows if row.label and row.label.name), None)


def _tracks(row: api_types.Release) -> Maybe[int]:
    if isinstance(row.track_count, int):
        return row.track_count
    if not isinstance(row.media, list):
        return row.media
    return sum(disc.track_count or 0 for disc in row.media) or None
