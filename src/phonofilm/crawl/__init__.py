"""Crawl sources politely and durably: sessions and the engine, over the rooms below."""
