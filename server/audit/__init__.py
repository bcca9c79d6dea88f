"""Append-only, hash-chained facts about what was done and read."""
