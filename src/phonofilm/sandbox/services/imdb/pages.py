"""Title pages as they were served from 2022 to 2026: JSON-LD and `__NEXT_DATA__` in HTML."""

from __future__ import annotations

import html
import json
from typing import Any

from phonofilm.sandbox.worlds.film import FilmWorld
from phonofilm.sandbox.worlds.hashing import hash_of

_LD_TYPES = {"movie": "Movie", "tvSeries": "TVSeries", "tvEpisode": "TVEpisode"}
_GROUPS = {
    "director": ("Director", "category.ace5cb4c-8708-4238-9542-04641e7c8171"),
    "writer": ("Writers", "category.c84ecaff-add5-4f2e-81db-102a41881fe3"),
    "cast": ("Stars", "group.7510356e-fde9-438e-b3ad-0099ba6bc8ce"),
}
_ACTS = ("actor", "actress", "self")


def page(
    world: FilmWorld, index: int, reference: bool = False, country: str = "US", base: str = ""
) -> bytes:
    """Return a title page; odd numbers have the credits block of 2025, as reference pages have.

    `base` is the address of the stand-in, where pictures are.
    """
    second = reference or index % 2 == 1
    above, main = _above(world, index, country), _main(world, index, country)
    above["primaryImage"] = _picture(world, index, base)
    (main if reference else above)["principalCreditsV2" if second else "principalCredits"] = (
        _credits(world, index, second)
    )
    if reference:
        main["storylineKeywords"] = above.pop("keywords")
        main["releaseDate"] = above.pop("releaseDate")
        above["titleGenres"] = {
            "genres": [{"genre": {"text": g["text"]}} for g in above.pop("genres")["genres"]]
        }
    data = {
        "props": {"pageProps": {"aboveTheFoldData": above, "mainColumnData": main}},
        "page": "/title/[tconst]/reference" if reference else "/title/[tconst]",
    }
    text = json.dumps(data, ensure_ascii=False).replace("</", "\\u003c/")
    head = f'<script type="application/ld+json">{_json_ld(world, index, country)}</script>'
    return (
        f"<!DOCTYPE html><html><head><title>{html.escape(above['titleText']['text'])}</title>"
        f'{head}</head><body><script id="__NEXT_DATA__" type="application/json">{text}</script>'
        "</body></html>"
    ).encode()


def _above(world: FilmWorld, index: int, country: str) -> dict[str, Any]:
    title, rated, plot = world.title(index), world.rating(index), world.plot(index)
    certificate = world.certificate(index, country)
    series = title.kind in ("tvSeries", "tvMiniSeries")
    season, number = world.episode(index)
    episode_number = {"episodeNumber": number, "seasonNumber": season}
    return {
        "id": world.tconst(index),
        "titleText": {"text": _localised(title.name, country)},
        "originalTitleText": {"text": title.original_name},
        "titleType": {
            "id": title.kind,
            "isSeries": series,
            "isEpisode": title.kind == "tvEpisode",
            "canHaveEpisodes": series,
        },
        "releaseYear": title.start_year and {"year": title.start_year, "endYear": title.end_year},
        "releaseDate": _date(world, index),
        "runtime": title.runtime_minutes and {"seconds": title.runtime_minutes * 60},
        "certificate": certificate and {"rating": certificate},
        "ratingsSummary": {
            "aggregateRating": rated[0] if rated else None,
            "voteCount": rated[1] if rated else 0,
        },
        "genres": {"genres": [{"text": g, "id": g} for g in title.genres]},
        "plot": plot and {"plotText": {"plainText": plot}},
        "keywords": {
            "total": 9,
            "edges": [{"node": {"text": word}} for word in world.keywords(index)],
        },
        "series": None
        if title.series is None
        else {
            "series": {"id": world.tconst(title.series)},
            "episodeNumber": episode_number if number else None,
        },
    }


def picture_path(world: FilmWorld, index: int) -> str:
    """Return the path of a title's picture, in the form of IMDb's host of pictures."""
    return f"/images/M/MV5B{hash_of(world.tconst(index)):016x}.jpg"


def _picture(world: FilmWorld, index: int, base: str) -> dict[str, Any] | None:
    if world.poster(index) is None:
        return None
    return {"url": base + picture_path(world, index), "width": 600, "height": 900}


def _localised(name: str, country: str) -> str:
    """Return the title that readers of a country see; the original title is the same everywhere."""
    return name if country == "US" else f"{name} [{country}]"


def _main(world: FilmWorld, index: int, country: str) -> dict[str, Any]:
    title = world.title(index)
    date = _date(world, index)
    return {
        "id": world.tconst(index),
        "isAdult": title.adult,
        "releaseDate": date and date | {"country": {"id": country}},
        "countriesOfOrigin": {"countries": [{"id": title.country}]},
        "spokenLanguages": {"spokenLanguages": [{"id": "ja" if title.anime else "en"}]},
        "cast": {
            "edges": [
                {"node": {"name": _name(world, c.person), "characters": [{"name": c.character}]}}
                for c in world.credits(index)
                if c.category in _ACTS
            ]
        },
    }


def _date(world: FilmWorld, index: int) -> dict[str, Any] | None:
    date = world.release_date(index)
    return date and dict(zip(("year", "month", "day"), date, strict=True))


def _name(world: FilmWorld, person: int) -> dict[str, Any]:
    return {"id": world.nconst(person), "nameText": {"text": world.person(person)[0]}}


def _credits(world: FilmWorld, index: int, second: bool) -> list[dict[str, Any]]:
    groups = []
    for role, (label, concept) in _GROUPS.items():
        named = [
            c
            for c in world.credits(index)
            if (c.category in _ACTS if role == "cast" else c.category == role)
        ]
        if not named:
            continue
        people = [{"name": _name(world, c.person)} for c in named[:3]]
        group: dict[str, Any] = {"totalCredits": len(named), "credits": people}
        if second:
            concept_id = f"amzn1.imdb.concept.name_credit_{concept}"
            groups.append(group | {"grouping": {"text": label, "groupingId": concept_id}})
        else:
            groups.append(group | {"category": {"text": label, "id": role}})
    return groups


def _json_ld(world: FilmWorld, index: int, country: str) -> str:
    """Return the JSON-LD: the original name, text with entities, shorter lists."""
    title, rated, date = world.title(index), world.rating(index), world.release_date(index)
    document: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": _LD_TYPES.get(title.kind, "CreativeWork"),
        "url": f"/title/{world.tconst(index)}/",
        "name": html.escape(title.original_name, quote=True),
        "description": html.escape(world.plot(index) or "", quote=True).replace("&#x27;", "&apos;"),
        "genre": list(title.genres[:3]),
        "keywords": ",".join(world.keywords(index)),
    }
    if title.name != title.original_name:
        document["alternateName"] = html.escape(title.name)
    if rated:
        document["aggregateRating"] = {"ratingCount": rated[1], "ratingValue": rated[0]}
    if certificate := world.certificate(index, country):
        document["contentRating"] = certificate
    if date and date[1] and date[2]:
        document["datePublished"] = f"{date[0]}-{date[1]:02d}-{date[2]:02d}"
    if minutes := title.runtime_minutes:
        document["duration"] = f"PT{minutes // 60}H{minutes % 60}M"
    for name, role in (("director", "director"), ("creator", "writer"), ("actor", "cast")):
        document[name] = [
            {
                "@type": "Person",
                "url": f"/name/{world.nconst(c.person)}/",
                "name": html.escape(world.person(c.person)[0]),
            }
            for c in world.credits(index)
            if (c.category in _ACTS if role == "cast" else c.category == role)
        ]
    return json.dumps(document, ensure_ascii=False).replace("</", "\\u003c/")
