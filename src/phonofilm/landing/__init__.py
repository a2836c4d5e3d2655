"""The landing, source of truth: every response as it came, in logs and then in segments."""
