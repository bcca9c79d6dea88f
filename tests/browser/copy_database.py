"""Copy one SQLite database over another, whatever is in its journal: ``copy_database.py FROM TO``."""

import sqlite3
import sys

source, target = sqlite3.connect(sys.argv[1]), sqlite3.connect(sys.argv[2])
source.backup(target)
source.close()
target.close()
