"""Sync: the wire between phone and server. It owns no rule; see docs/sync.md."""
