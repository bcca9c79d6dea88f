"""What a large registry costs, as ratios within one run: ``python -m bench.registry_import [rows]``.

The yardstick is reading the same table with nothing else done to it, in the same minute, so that the machine's speed falls
out. A second import of the same table must write nothing, and no unit of work may hold the lock for the whole table."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from server.platform.db import session
from server.registry import exports, import_kinds, imports, operations, undo, workbooks
from tests import builders, world
from tests.registry import desk

MORE = {"消防安全管理人": "贾管理", "管理人电话": "0379-0000-1001", "建筑面积": "320", "层数": "2", "建筑类别": "多层公共建筑", "行业主管部门": "文化和旅游部门", "消防安全重点单位": "否", "人员密集场所": "是"}


def code(number: int) -> str:
    """A credit code with its right check character (GB 32100)."""
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    body = f"91410307{number:09d}"
    return body + alphabet[(31 - sum(alphabet.index(one) * pow(3, i, 31) for i, one in enumerate(body)) % 31) % 31]


def table(rows: int) -> bytes:
    headers = [*desk.line(1), *MORE]
    plain = desk.line(1, **MORE)
    body = ([(plain | {"单位名称": f"示例单位{n}", "地址": f"示例路{n}号", "统一社会信用代码": code(n)})[header] for header in headers] for n in range(1, rows + 1))
    return workbooks.workbook("检查对象", headers, body)


def main(rows: int) -> None:
    started = time.perf_counter()
    data = table(rows)
    print(f"{rows:,} rows, 18 columns, {len(data) / 1e6:.1f} MB; written in {time.perf_counter() - started:.1f} s")
    with tempfile.TemporaryDirectory() as folder:
        app = world.make_app(Path(folder), f"sqlite:///{folder}/bench.sqlite3", jobs="held", sqlite_synchronous="FULL")
        builders.use(app)
        with app.app_context():
            actor = builders.an_actor("plan_officer")
            started = time.perf_counter()
            import_kinds.sheet_of(import_kinds.UNITS, actor.agency_id, data, "units.xlsx")
            yard = time.perf_counter() - started
            print(f"{'reading the table alone':<34}{yard:>7.1f} s    1.0x")
            first = imports.begin(actor, actor.agency_id, data, "units.xlsx")
            line("look (dry run)", yard, lambda: imports.look_job.fn(first))
            imports.begin_storing(actor, actor.agency_id, first)
            line("store", yard, lambda: imports.store_job.fn(first))
            again = imports.begin(actor, actor.agency_id, data, "units.xlsx")
            line("look again, everything is there", yard, lambda: imports.look_job.fn(again))
            imports.begin_storing(actor, actor.agency_id, again)
            line("store again, nothing to write", yard, lambda: imports.store_job.fn(again))
            found = imports.one_import(actor.agency_id, again).looked
            assert (found["added"], found["updated"], found["unchanged"]) == (0, 0, rows)
            line("pool for a draw", yard, lambda: operations.pool(actor.agency_id, operations.PoolFilter()))
            line("out to Excel", yard, lambda: exports.units_table(actor, actor.agency_id))
            session().rollback()
            session().expunge_all()
            line("undo", yard, lambda: undo.undo(actor, actor.agency_id, first, "bench"))
        builders.use(None)


def line(name: str, yard: float, work: Callable[[], object]) -> None:
    started, before = time.perf_counter(), time.process_time()
    work()
    taken = time.perf_counter() - started
    print(f"{name:<34}{taken:>7.1f} s {taken / yard:>6.1f}x    {time.process_time() - before:.1f} s of this processor", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 50_000)
