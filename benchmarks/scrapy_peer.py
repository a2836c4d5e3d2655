"""Scrapy on the same pages: 50 items a page to a CSV feed. Prints the seconds it took."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path

import scrapy
from scrapy.crawler import CrawlerProcess


class Artists(scrapy.Spider):
    name = "artists"

    async def start(self):
        for number in range(int(sys.argv[2])):
            yield scrapy.Request(
                f'{sys.argv[1]}/v1/search?q=genre:"page-{number}"&type=artist&limit=50'
            )

    def parse(self, response):
        for row in json.loads(response.body)["artists"]["items"]:
            yield {
                "id": row["id"],
                "name": row["name"],
                "popularity": row["popularity"],
                "followers": row["followers"]["total"],
                "genres": ";".join(row["genres"]),
            }


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        feed = Path(folder) / "artists.csv"
        process = CrawlerProcess(
            {
                "LOG_ENABLED": False,
                "CONCURRENT_REQUESTS": 16,
                "CONCURRENT_REQUESTS_PER_DOMAIN": 16,
                "DOWNLOAD_DELAY": 0,
                "ROBOTSTXT_OBEY": False,
                "TELNETCONSOLE_ENABLED": False,
                "FEEDS": {feed: {"format": "csv"}},
            }
        )
        began = time.perf_counter()
        process.crawl(Artists)
        process.start()
        seconds = time.perf_counter() - began
        lines = sum(1 for _ in feed.open()) - 1
        assert lines == int(sys.argv[2]) * 50, lines
        print(seconds)


if __name__ == "__main__":
    main()
