"""Title pages parsed a second, against the usual way with BeautifulSoup, on the same pages.

python -m benchmarks.pages [PAGES] [ROUNDS]

The usual way: find the two scripts in the tree, `json.loads` them, pick the fields. It is given the
fields for free: only finding and decoding is timed, and the picking of the job's sixteen fields.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from pathlib import Path

from bs4 import BeautifulSoup

from benchmarks.tables import table
from phonofilm.sandbox.services.imdb.pages import page
from phonofilm.sandbox.worlds.film import FilmWorld
from phonofilm.sources.contract import Request, Response
from phonofilm.sources.imdb.pages import parse_title_page

SHARED = Path(__file__).resolve().parents[2] / "shared" / "fixtures" / "imdb"


def usual(body: bytes, parser: str) -> dict[str, object]:
    soup = BeautifulSoup(body, parser)
    above = json.loads(soup.find("script", id="__NEXT_DATA__").string)
    above = above["props"]["pageProps"]["aboveTheFoldData"]
    ld = json.loads(soup.find("script", type="application/ld+json").string)
    groups = above.get("principalCredits") or above.get("principalCreditsV2") or []
    return {
        "name": above["titleText"]["text"],
        "original": above["originalTitleText"]["text"],
        "type": above["titleType"]["id"],
        "year": (above["releaseYear"] or {}).get("year"),
        "date": above["releaseDate"],
        "runtime": (above["runtime"] or {}).get("seconds"),
        "rating": above["ratingsSummary"]["aggregateRating"],
        "votes": above["ratingsSummary"]["voteCount"],
        "certificate": (above["certificate"] or {}).get("rating"),
        "plot": ((above["plot"] or {}).get("plotText") or {}).get("plainText"),
        "poster": (above["primaryImage"] or {}).get("url"),
        "genres": [g["text"] for g in above["genres"]["genres"]],
        "keywords": ld.get("keywords"),
        "people": [[c["name"]["id"] for c in g["credits"]] for g in groups],
    }


def ours(body: bytes) -> object:
    return parse_title_page(Request("title_page"), Response(200, {}, body))


def check(world: FilmWorld, bodies: list[bytes]) -> None:
    """Every field of every page is what the world says."""
    for index, body in enumerate(bodies):
        records = ours(body).records
        title, told = records[0], usual(body, "html.parser")
        rating = next(r for r in records if r.kind == "rating")
        genres = [r.genre for r in records if r.kind == "title_genre"]
        people = {r.person_id for r in records if r.kind == "credit"}
        assert (title.name, title.original_name, title.title_type) == (
            told["name"],
            told["original"],
            told["type"],
        )
        assert (title.start_year, title.certificate, title.plot, title.poster_url) == (
            told["year"],
            told["certificate"],
            told["plot"],
            told["poster"],
        )
        assert (title.runtime_ms or 0) == (told["runtime"] or 0) * 1000
        assert (rating.rating, rating.votes, genres) == (
            told["rating"],
            told["votes"],
            told["genres"],
        )
        assert {p for group in told["people"] for p in group} <= people
        assert title.keywords == list(world.keywords(index))


def rate(work, bodies: list[bytes]) -> float:
    began = time.perf_counter()
    for body in bodies:
        work(body)
    return len(bodies) / (time.perf_counter() - began)


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    world = FilmWorld(count)
    made = [page(world, index) for index in range(count)]
    check(world, made)
    sets = {"the stand-in's pages": made}
    if SHARED.is_dir():
        recorded = [path.read_bytes() for path in sorted(SHARED.glob("title_*.html"))]
        sets["recorded pages"] = recorded * max(1, count // 80)
    rows = []
    for name, bodies in sets.items():
        size = statistics.mean(map(len, bodies)) / 1024
        for parser in ("html.parser", "lxml"):
            try:
                BeautifulSoup("", parser)
            except Exception:
                continue
            pairs = [
                (rate(ours, bodies), rate(lambda b, p=parser: usual(b, p), bodies))
                for _ in range(rounds)
            ]
            mine, theirs = (statistics.median(side) for side in zip(*pairs, strict=True))
            ratio = statistics.median(a / b for a, b in pairs)
            rows.append(
                (
                    f"{name}, {size:.0f} KiB",
                    parser,
                    f"{mine:,.0f}",
                    f"{theirs:,.0f}",
                    f"{ratio:.1f}",
                )
            )
    table(
        f"Title pages a second, {rounds} rounds, every field checked first",
        ("", "BeautifulSoup with", "ours", "the usual way", "ours / this"),
        rows,
    )


if __name__ == "__main__":
    main()
