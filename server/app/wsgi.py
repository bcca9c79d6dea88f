"""What gunicorn loads: ``gunicorn -c server/app/gunicorn_conf.py server.app.wsgi:app``."""

from __future__ import annotations

from server.app import create_app

app = create_app()
