"""The audit of a county-year: ``python -m bench.audit_run [events] [workers]`` (228,000 events of 60 phones by default).

Signed events, bodies, chains and leaves are written straight into a database of their own; then `audit verify` reads
all of it. Beside it, in the same run, the floor: verifying as many ES256 signatures and nothing else."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from pathlib import Path

from sqlalchemy import insert

from server.audit import public_log
from server.inspections import audit, audit_signatures
from server.inspections.tables import EventRow
from server.kernel import b64url, canonical, chain
from server.platform.db import db, session, transaction
from tests import builders, world

PHONES = 60
BATCH = 25
GOAL_S = 90
BODY = {"checklist": "fire-1", "item": "F-03-02", "sheet": 0, "val": "fail", "note": "疏散通道堆放杂物", "salt": "AAECAwQFBgcICQoL"}


def fill(count: int) -> list[audit_signatures.Signed]:
    """``count`` events with their leaves; answers some signatures for the floor."""
    body = canonical.encode(BODY)
    bodyh = b64url.encode(chain.body_hash(body))
    some: list[audit_signatures.Signed] = []
    for _ in range(PHONES):
        device = builders.an_enrolled_device()
        prev, rows = chain.GENESIS_PREV, []
        with transaction():
            end = public_log.tail()
            for n in range(count // PHONES):
                head = {"v": 1, "t": "check.answer", "dev": device.dev, "n": n, "prev": prev, "insp": "bench", "i": n,
                        "wall": 1_795_000_000_000 + n, "mono": n, "boot": "AAAAAAAA", "off": 0, "offage": 0,
                        "by": str(device.person.id), "body": bodyh, "blen": len(body)}
                if end.size:
                    head["seen"] = [end.size, b64url.encode(public_log.fold(end.edge))]
                header = canonical.encode(head)
                sig = b64url.decode(device.sign(chain.pae(header)))
                prev = b64url.encode(chain.event_hash(header))
                rows.append({"h": prev, "dev": device.dev, "n": n, "place": "", "prev": head["prev"],
                             "agency_id": device.person.agency_id, "insp": "bench", "t": "check.answer", "status": "stored",
                             "code": "", "flags": "", "batch": "bench", "rx": 0, "header": header, "sig": sig, "body": body})
                if len(some) < 20_000:
                    some.append((str(n), device.spki, sig, chain.pae(header)))
                if (n + 1) % BATCH == 0:
                    entry = {"v": 1, "k": "head", "dev": device.dev, "n": n, "h": prev, "rx": 0}
                    end, _ = public_log.write(end, public_log.HEAD, entry, rx=0, dev=device.dev, n=n)
            session().execute(insert(EventRow), rows)
    return some


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 228_000
    workers = int(sys.argv[2]) if len(sys.argv) > 2 else 2
    with tempfile.TemporaryDirectory() as folder:
        app = world.make_app(Path(folder) / "data", f"sqlite:///{folder}/bench.sqlite3")
        builders.use(app)
        with app.app_context():
            began = time.perf_counter()
            some = fill(count)
            print(f"written: {count} events in {time.perf_counter() - began:.0f} s")
            began = time.perf_counter()
            audit_signatures.false_ones(some)
            floor = (time.perf_counter() - began) / len(some) * count
            runs, cpu = {}, {}
            for used in dict.fromkeys((0, workers)):
                began, before = time.perf_counter(), sum(os.times()[:4])
                found = audit.audit(workers=used)
                runs[used] = round(time.perf_counter() - began, 1)
                cpu[used] = round(sum(os.times()[:4]) - before, 1)
                assert not found.faults, found.faults[:3]
            print(json.dumps({
                "events": found.events, "leaves": found.leaves, "seconds_by_extra_processes": runs,
                "cpu_seconds": cpu,
                "floor_signatures_only_s": round(floor, 1), "ratio_to_floor": round(runs[workers] / floor, 2),
                "goal_s": GOAL_S,
            }))
            db.engine.dispose()


if __name__ == "__main__":
    main()
