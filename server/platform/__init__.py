"""The outside world: database, blobs, clock, keys, jobs. No business words."""
