"""Asks politely and durably: frontier, planner, limiter, transport, and the engine over them."""
