"""The floor: what the least Flask server spends on the same requests. It keeps nothing and promises nothing."""

from __future__ import annotations

from flask import Flask, Response, request

app = Flask("floor")


@app.post("/events")
def events() -> Response:
    """Read the body, answer a short JSON."""
    size = len(request.get_data())
    return Response(f'{{"bytes":{size}}}', content_type="application/json")


@app.post("/file")
def file() -> Response:
    """Read a file in pieces and forget it."""
    size = 0
    while piece := request.stream.read(256 * 1024):
        size += len(piece)
    return Response(status=201, headers={"Upload-Offset": str(size)})


@app.get("/changes")
def changes() -> Response:
    """Nothing new."""
    return Response('{"changes":[]}', content_type="application/json")
