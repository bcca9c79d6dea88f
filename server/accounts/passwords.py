"""argon2id, and no difference in time between a wrong password and an unknown account."""

from __future__ import annotations

from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from flask import current_app


@lru_cache(maxsize=4)
def _hasher(time_cost: int, memory_kib: int, lanes: int) -> PasswordHasher:
    return PasswordHasher(time_cost=time_cost, memory_cost=memory_kib, parallelism=lanes)


def _ours() -> PasswordHasher:
    return _hasher(*current_app.extensions["suijian-settings"].argon2)


@lru_cache(maxsize=4)
def _decoy(hasher: PasswordHasher) -> str:
    return hasher.hash("nobody has this password")


def hash_password(password: str) -> str:
    """The argon2id hash with its parameters and salt inside."""
    return _ours().hash(password)


def matches(password_hash: str | None, password: str) -> bool:
    """Whether the password is right. None (no such account) costs as much and is never right."""
    hasher = _ours()
    try:
        right = hasher.verify(password_hash or _decoy(hasher), password)
    except (VerificationError, InvalidHashError):
        return False
    return right and password_hash is not None


def outdated(password_hash: str) -> bool:
    """Whether the hash was made with other parameters than today's."""
    return _ours().check_needs_rehash(password_hash)
