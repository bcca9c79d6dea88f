"""Where things are and how big they may get: everything that differs between two installations.

Read once from the environment when the application is made; nothing else reads ``os.environ``."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

MIB = 1024 * 1024
ROOT = Path(__file__).resolve().parents[2]

JobsMode = Literal["queue", "immediate", "held"]


@dataclass(frozen=True)
class Settings:
    """One installation. ``data`` holds everything that must be backed up, the keys included."""

    data: Path
    database_url: str
    checklists: Path = ROOT / "checklists"
    pwa: Path = ROOT / "pwa" / "dist"
    public_url: str = "http://127.0.0.1:8600"
    testing: bool = False
    # "immediate" runs a job right after the commit, "held" leaves it in the outbox for `jobs.drain()`.
    jobs: JobsMode = "queue"
    limits: bool = True
    # argon2id (time cost, memory KiB, lanes); the tests use a cheap one, a real server never does.
    argon2: tuple[int, int, int] = (3, 65536, 4)
    metrics_token: str = ""
    # Number of proxies in front whose X-Forwarded-* may be believed.
    proxies: int = 0
    max_body: int = 2 * MIB
    # Only the tests may trade durability for speed.
    sqlite_synchronous: str = "FULL"
    engine_options: dict[str, object] = field(default_factory=dict)

    @property
    def sqlite(self) -> bool:
        return self.database_url.startswith("sqlite")

    @classmethod
    def from_env(cls, env: Mapping[str, str] | None = None) -> Settings:
        env = os.environ if env is None else env
        data = Path(env.get("SUIJIAN_DATA") or ROOT / "data").resolve()
        return cls(
            data=data,
            database_url=normalise_url(
                env.get("SUIJIAN_DATABASE_URL") or f"sqlite:///{data / 'suijian.sqlite3'}"
            ),
            checklists=Path(env.get("SUIJIAN_CHECKLISTS") or ROOT / "checklists").resolve(),
            pwa=Path(env.get("SUIJIAN_PWA") or ROOT / "pwa" / "dist").resolve(),
            public_url=env.get("SUIJIAN_PUBLIC_URL", "http://127.0.0.1:8600").rstrip("/"),
            metrics_token=env.get("SUIJIAN_METRICS_TOKEN", ""),
            proxies=int(env.get("SUIJIAN_PROXIES", "0")),
            limits=env.get("SUIJIAN_LIMITS", "on") != "off",
        )


def normalise_url(url: str) -> str:
    """A PostgreSQL address in any common spelling, as the psycopg 3 address SQLAlchemy wants."""
    for prefix in ("postgres://", "postgresql://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url[len(prefix):]
    return url
