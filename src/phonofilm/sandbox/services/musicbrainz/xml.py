"""The same objects in XML (mmd-2.0), which is what older clients read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from xml.etree import ElementTree as Tree

_SPACE = "http://musicbrainz.org/ns/mmd-2.0#"


def document(kind: str, body: dict[str, Any]) -> bytes:
    """Return one entity or one list as a document."""
    root = Tree.Element("metadata", xmlns=_SPACE)
    if kind.endswith("-list"):
        _listed(root, kind.removesuffix("-list"), body["items"], body["count"], body["offset"])
    elif kind == "isrc":
        element = Tree.SubElement(root, "isrc", id=body["isrc"])
        _listed(element, "recording", body["recordings"], len(body["recordings"]))
    else:
        _entity(root, kind, body)
    return b'<?xml version="1.0" encoding="UTF-8"?>' + Tree.tostring(root)


def failure(text: str) -> bytes:
    """Return a refusal."""
    root = Tree.Element("error")
    Tree.SubElement(root, "text").text = text
    return b'<?xml version="1.0" encoding="UTF-8"?>' + Tree.tostring(root)


def _listed(
    above: Tree.Element, kind: str, items: list[Any], count: int, offset: int | None = None
) -> None:
    attributes = {"count": str(count)} | ({} if offset is None else {"offset": str(offset)})
    element = Tree.SubElement(above, f"{kind}-list", attributes)
    for item in items:
        _entity(element, kind, item)


def _text(above: Tree.Element, name: str, value: Any) -> None:
    if value not in (None, "", []):
        Tree.SubElement(above, name).text = _clean(str(value))


def _clean(text: str) -> str:
    """Remove control characters, which XML 1.0 forbids."""
    return "".join(c for c in text if c in "\t\n" or ord(c) >= 32)


def _entity(above: Tree.Element, kind: str, body: dict[str, Any]) -> None:
    attributes = {"id": body["id"]}
    if body.get("type") or body.get("primary-type"):
        attributes["type"] = body.get("type") or body["primary-type"]
    if "score" in body:
        attributes["{http://musicbrainz.org/ns/ext#-2.0}score"] = str(body["score"])
    element = Tree.SubElement(above, kind, attributes)
    for name in (
        "name",
        "title",
        "sort-name",
        "disambiguation",
        "length",
        "date",
        "country",
        "barcode",
        "status",
    ):
        if name in body:
            _text(element, name, body[name])
    if begin := (body.get("life-span") or {}).get("begin"):
        _text(Tree.SubElement(element, "life-span"), "begin", begin)
    if "artist-credit" in body:
        _credit(element, body["artist-credit"])
    _inside(element, body)


def _inside(element: Tree.Element, body: dict[str, Any]) -> None:
    """Add the parts of an entity that describe others."""
    if "release-group" in body:
        _entity(element, "release-group", body["release-group"])
    _labels(element, body.get("label-info", ()))
    if "releases" in body:
        _listed(element, "release", body["releases"], len(body["releases"]))
    if "isrcs" in body:
        codes = Tree.SubElement(element, "isrc-list", count=str(len(body["isrcs"])))
        for code in body["isrcs"]:
            Tree.SubElement(codes, "isrc", id=code)
    for name in ("genres", "tags"):
        if name in body:
            _words(element, name[:-1], body[name])
    if "aliases" in body:
        names = Tree.SubElement(element, "alias-list", count=str(len(body["aliases"])))
        for alias in body["aliases"]:
            alias_element = Tree.SubElement(
                names, "alias", {"sort-name": _clean(alias["sort-name"])}
            )
            alias_element.text = _clean(alias["name"])
    if "relations" in body:
        links = Tree.SubElement(element, "relation-list", {"target-type": "url"})
        for link in body["relations"]:
            one = Tree.SubElement(links, "relation", {"type": link["type"]})
            Tree.SubElement(one, "target", id=link["url"]["id"]).text = link["url"]["resource"]
    if "media" in body:
        _media(element, body["media"])


def _labels(above: Tree.Element, infos: Sequence[dict[str, Any]]) -> None:
    if not infos:
        return
    element = Tree.SubElement(above, "label-info-list", count=str(len(infos)))
    for info in infos:
        _entity(Tree.SubElement(element, "label-info"), "label", info["label"])


def _words(above: Tree.Element, name: str, words: list[dict[str, Any]]) -> None:
    element = Tree.SubElement(above, f"{name}-list")
    for word in words:
        _text(Tree.SubElement(element, name, count=str(word["count"])), "name", word["name"])


def _credit(above: Tree.Element, people: list[dict[str, Any]]) -> None:
    element = Tree.SubElement(above, "artist-credit")
    for person in people:
        joined = {"joinphrase": person["joinphrase"]} if person["joinphrase"] else {}
        _entity(Tree.SubElement(element, "name-credit", joined), "artist", person["artist"])


def _media(above: Tree.Element, media: list[dict[str, Any]]) -> None:
    element = Tree.SubElement(above, "medium-list", count=str(len(media)))
    for disc in media:
        medium = Tree.SubElement(element, "medium")
        _text(medium, "position", disc["position"])
        _text(medium, "format", disc["format"])
        tracks = Tree.SubElement(medium, "track-list", count=str(disc["track-count"]))
        for track in disc.get("tracks", ()):
            track_element = Tree.SubElement(tracks, "track", id=track["id"])
            for name in ("position", "number", "length"):
                _text(track_element, name, track[name])
            _entity(track_element, "recording", track["recording"])
