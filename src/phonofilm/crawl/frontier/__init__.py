"""Store the durable state of a crawl: known nodes, tasks, requests and runs."""
