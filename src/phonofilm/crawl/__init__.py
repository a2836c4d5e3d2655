"""Crawl sources politely and durably: sessions and the engine, over the packages below."""
