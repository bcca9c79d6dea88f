"""Puts agencies of an office's demo under others: ``python tests/browser/tree.py DATA CHILD=PARENT ..``; no PARENT: none."""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing
from pathlib import Path

database = Path(sys.argv[1]) / "suijian.sqlite3"
with closing(sqlite3.connect(database, timeout=30)) as connection, connection:
    for pair in sys.argv[2:]:
        child, parent = pair.split("=")
        assert connection.execute("UPDATE agency SET parent_id = ? WHERE id = ?", (parent or None, child)).rowcount == 1, child
