"""Store the durable state of a crawl: known nodes, tasks, requests and runs.

Deleting a frontier costs requests, never data, because responses are in the landing. It forgets the
pauses that sources asked for, too, and the requests of the day; `--fresh` keeps both.
"""
