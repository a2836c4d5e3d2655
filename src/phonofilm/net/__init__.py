"""HTTP: transport, rate limits, authentication, robots.txt and resumable downloads."""
