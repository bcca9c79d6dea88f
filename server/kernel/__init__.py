"""The pure vocabulary of the system: ids, moments, working days, canonical JSON, hash chain, Merkle tree.

Nothing here does input or output, reads a clock or a random source, or imports anything but the
standard library and its neighbours. `pwa/src/core` holds the same primitives in TypeScript; both
are bound by the files in `tests/vectors`.
"""
