"""After a backup was restored: the epoch is raised, and the log says in public where it goes on from.

The restored log lacks what was written after the backup. Phones keep the head they had as proof, send everything
again and go on with the new branch; a head they remember from before the branch must still be consistent with it."""

from __future__ import annotations

from server.audit import operations, proofs, public_log
from server.audit.checkpoints import Branch, branches
from server.audit.tables import LogBranch
from server.kernel import b64url
from server.platform import clock, feed
from server.platform.db import session, unit_of_work

__all__ = ["Branch", "branches", "raise_epoch"]


@unit_of_work
def raise_epoch() -> Branch:
    """Raise the epoch by one, remember the log's size and root, and write both as a public leaf."""
    size = proofs.size()
    root = proofs.root(size)
    epoch = feed.raise_epoch()
    at = clock.now()
    session().add(LogBranch(epoch=epoch, size=size, root=root, at=at))
    public_log.append({"v": 1, "k": "epoch", "epoch": epoch, "size": size, "root": b64url.encode(root)}, public=True)
    operations.record(None, "server.epoch", "server", str(epoch), facts={"size": size, "root": b64url.encode(root)})
    return Branch(epoch, size, root, at)
