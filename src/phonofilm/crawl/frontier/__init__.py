"""The durable state of a crawl: known nodes, open requests, runs."""
