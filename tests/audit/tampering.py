"""What an administrator with the database in hand can do to the log."""

from __future__ import annotations

from sqlalchemy import update

from server.audit import public_log
from server.audit.tables import LogEntry
from server.kernel import merkle
from server.platform.db import session, transaction


def rewrite(at: int) -> None:
    """Rebuild the log with another leaf ``at``, every path and root made new."""
    rows = [row for row, _ in public_log.walk()]
    leaves = [row.leaf for row in rows]
    leaves[at] = merkle.leaf_hash(b"another entry")
    with transaction():
        for index, leaf in enumerate(leaves):
            tree = leaves[: index + 1]
            path = b"".join(merkle.inclusion_proof(tree, index))
            session().execute(
                update(LogEntry).where(LogEntry.idx == index).values(leaf=leaf, path=path, root=merkle.root(tree))
            )
