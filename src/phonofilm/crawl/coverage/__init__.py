"""Estimate the share of the reachable records that is collected."""
