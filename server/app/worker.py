"""The job process: ``python -m server.app.worker``. One consumer, two threads; stops on SIGTERM."""

from __future__ import annotations

from server.app import create_app
from server.platform import jobs


def main() -> None:
    """Run jobs until told to stop; what was missed while nobody ran is swept up first."""
    app = create_app()
    with app.app_context():
        jobs.sweep()
    consumer = jobs.queue(app).create_consumer(workers=2, worker_type="thread", periodic=True)
    consumer.run()


if __name__ == "__main__":
    main()
