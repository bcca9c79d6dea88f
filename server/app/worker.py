"""The job process: ``python -m server.app.worker``. One consumer, two threads; stops on SIGTERM."""

from __future__ import annotations

import gc

from server.app import create_app
from server.platform import jobs


def main() -> None:
    """Run jobs until told to stop; what was missed while nobody ran is swept up first."""
    app = create_app()
    # The application itself is never garbage: nothing to look through while jobs run, nor at the end.
    gc.freeze()
    with app.app_context():
        jobs.sweep()
    consumer = jobs.queue(app).create_consumer(workers=2, worker_type="thread", periodic=True)
    consumer.run()


if __name__ == "__main__":
    main()
