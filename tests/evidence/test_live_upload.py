"""Against a real gunicorn: foreign clients, a stalled phone, and kill -9 at random moments."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import socket
import subprocess
import threading
import time
from dataclasses import dataclass, field

import pytest
import requests
from tusclient.client import TusClient

from server.platform.blobs import blobs
from tests.evidence import live
from tests.phone import PREFIX, a_picture, a_visit, h_of

PHOTO = a_picture(21, (900, 700), quality=95)
KILLS = 20


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with live.a_live_server(tmp_path_factory.mktemp("live")) as made:
        made.start()
        yield made


@pytest.fixture
def phone(server):
    return live.a_live_phone(server)


def kept(server, sha256: str) -> bytes:
    with server.app.app_context(), blobs().open(sha256) as file:
        return file.read()


def test_tuspy_uploads_in_pieces_with_checksums(server, phone, tmp_path):
    path = tmp_path / "photo.jpg"
    path.write_bytes(PHOTO)
    sha = hashlib.sha256(PHOTO).hexdigest()
    client = TusClient(f"{server.url}/evidence/uploads", headers=phone.auth)
    sent = client.uploader(
        str(path), chunk_size=100_000, metadata={"sha256": sha, "mime": "image/jpeg"}, upload_checksum=True
    )
    sent.upload()
    assert sent.offset == len(PHOTO)
    assert kept(server, sha) == PHOTO


@pytest.mark.parametrize("mode", ["plain", "resume", "during"])
def test_tus_js_client_uploads_resumes_and_sends_with_the_creation(server, phone, tmp_path, repository, mode):
    node = shutil.which("node")
    library = repository / "pwa/node_modules/tus-js-client"
    if node is None or not library.is_dir():
        pytest.skip("needs node and the phone's packages (./manage.py setup)")
    data = a_picture(30 + len(mode), (900, 700), quality=95)
    path = tmp_path / "photo.jpg"
    path.write_bytes(data)
    sha = hashlib.sha256(data).hexdigest()
    script = repository / "tests/evidence/tus_client.mjs"
    ran = subprocess.run(
        [node, str(script), str(library), f"{server.url}/evidence/uploads", phone.hand.device.access, str(path), sha, mode],
        capture_output=True, text=True, timeout=60, check=False,
    )
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout)
    assert told["finished"] is True
    if mode == "resume":
        assert 0 < told["accepted"] < len(data)
    assert kept(server, sha) == data


@pytest.mark.parametrize(("login", "offset", "status"), [("Bearer x.y.z", 0, 401), ("", 5, 409)])
def test_who_is_refused_in_the_middle_of_sending_hears_why(server, phone, login, offset, status):
    """The answer comes while a piece of a megabyte is still on its way: its sender must be let finish, not be cut off."""
    data = os.urandom(1_000_000)
    path = phone.announce(data).split(str(server.port), 1)[1]
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        connection.sendall(
            f"PATCH {path} HTTP/1.1\r\nHost: x\r\nAuthorization: {login or phone.auth['Authorization']}\r\n"
            f"Tus-Resumable: 1.0.0\r\nUpload-Offset: {offset}\r\nContent-Type: application/offset+octet-stream\r\n"
            f"Content-Length: {len(data)}\r\n\r\n".encode()
        )
        for at in range(0, len(data), 100_000):
            time.sleep(0.05)
            connection.sendall(data[at : at + 100_000])
        assert connection.recv(4096).startswith(f"HTTP/1.1 {status} ".encode())


def test_a_stalled_phone_frees_its_lock_and_its_thread(server, phone):
    """The sender stops in the middle of a piece and says nothing more; the limit is 2 s in this server."""
    data = a_picture(41, (900, 700), quality=95)
    where = phone.announce(data)
    path = where.split(str(server.port), 1)[1]
    head = (
        f"PATCH {path} HTTP/1.1\r\nHost: x\r\nAuthorization: {phone.auth['Authorization']}\r\nTus-Resumable: 1.0.0\r\n"
        f"Upload-Offset: 0\r\nContent-Type: application/offset+octet-stream\r\nContent-Length: {len(data)}\r\n\r\n"
    )
    # As many stalled senders as the worker has threads, less one: each on an upload of its own.
    others = [phone.announce(a_picture(42 + n, (300, 200))) for n in range(2)]
    stalled = []
    for address in (where, *others):
        connection = socket.create_connection(("127.0.0.1", server.port))
        connection.sendall(head.replace(path, address.split(str(server.port), 1)[1]).encode() + data[:50_000][:1_000])
        stalled.append(connection)
    began = time.monotonic()
    time.sleep(0.5)
    # Short pieces: a refusal may close the connection before a long body has been read.
    assert phone.patch(where, 0, data[:500]).status_code == 423
    while (answer := phone.patch(where, at := phone.offset(where), data[at:at + 500])).status_code == 423:
        assert time.monotonic() - began < 30
        time.sleep(0.2)
    print(f"freed after {time.monotonic() - began:.1f} s")
    assert answer.status_code == 204
    assert phone.patch(where, at + 500, data[at + 500:]).status_code == 204
    assert kept(server, hashlib.sha256(data).hexdigest()) == data
    for connection in stalled:
        connection.close()


def test_a_broken_connection_keeps_the_bytes_that_came(server, phone):
    data = a_picture(51, (1200, 900), quality=95)
    where = phone.announce(data)
    path = where.split(str(server.port), 1)[1]
    cut = len(data) // 2
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(
            f"PATCH {path} HTTP/1.1\r\nHost: x\r\nAuthorization: {phone.auth['Authorization']}\r\n"
            f"Tus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\nContent-Type: application/offset+octet-stream\r\n"
            f"Content-Length: {len(data)}\r\n\r\n".encode() + data[:cut]
        )
        connection.shutdown(socket.SHUT_WR)
        connection.settimeout(10)
        connection.recv(4096)
    assert phone.offset(where) == cut
    assert phone.patch(where, cut, data[cut:]).status_code == 204
    assert kept(server, hashlib.sha256(data).hexdigest()) == data


@dataclass
class Acknowledged:
    """What the server has promised, written down the moment the promise was read."""

    events: set[str] = field(default_factory=set)
    receipts: list[str] = field(default_factory=list)
    offsets: dict[str, int] = field(default_factory=dict)
    files: set[str] = field(default_factory=set)


def work(phone: live.LivePhone, insp: str, data: bytes, rng: random.Random, promised: Acknowledged) -> None:
    """Send events and a photo in pieces until the server dies, noting every promise as it is read."""
    sha = hashlib.sha256(data).hexdigest()
    try:
        answer = phone.send(phone.hand.wires)
        promised.events |= {r["h"] for r in answer["results"] if r["status"] in ("stored", "known")}
        where = phone.announce(data)
        offset = 0
        while offset < len(data):
            piece = data[offset : offset + rng.randint(20_000, 200_000)]
            sent = phone.patch(where, offset, piece)
            if sent.status_code != 204:
                return
            offset = int(sent.headers["Upload-Offset"])
            promised.offsets[where] = offset
            phone.hand.event("note.add", {"text": f"已传{offset}"}, insp)
            answer = phone.send(phone.hand.wires[-1:])
            promised.events |= {r["h"] for r in answer["results"] if r["status"] in ("stored", "known")}
        promised.files.add(sha)
    except requests.RequestException:
        return


@pytest.mark.slow
def test_nothing_acknowledged_is_lost_when_the_server_is_killed_at_random_moments(tmp_path):
    seed = int(os.environ.get("SUIJIAN_SEED", random.SystemRandom().randrange(2**32)))
    print(f"seed {seed} (SUIJIAN_SEED={seed} repeats the moments)")
    rng = random.Random(seed)
    with live.a_live_server(tmp_path) as server:
        phone = live.a_live_phone(server)
        with server.app.app_context():
            visit = a_visit(phone.hand)
        visit.open(phone.hand)
        everything = Acknowledged()
        photos: dict[str, bytes] = {}
        cut_uploads = 0
        server.start()
        for _ in range(KILLS):
            data = a_picture(rng.randrange(2**40), (1100, 800), quality=95)
            photos[hashlib.sha256(data).hexdigest()] = data
            phone.hand.photo(visit.insp, data)
            promised = Acknowledged()
            phone.http = requests.Session()
            thread = threading.Thread(target=work, args=(phone, visit.insp, data, rng, promised))
            thread.start()
            time.sleep(rng.uniform(0.005, 0.25))
            server.kill()
            thread.join()
            # The expectation is fixed here, before the restart.
            everything.events |= promised.events
            everything.files |= promised.files
            expected_offsets = dict(promised.offsets)
            server.start()
            phone.http = requests.Session()
            known = {r["h"]: r["status"] for r in phone.send(phone.hand.wires)["results"]}
            lost = {h for h in everything.events if known[h] != "known"}
            assert not lost, f"acknowledged events came back as new: {lost}"
            assert not set(phone.lacks(sorted(everything.files))), "an acknowledged file is gone"
            for where, offset in expected_offsets.items():
                assert phone.offset(where) >= offset, "acknowledged bytes are gone"
                cut_uploads += offset < len(data)
                rest = phone.offset(where)
                if rest < len(data):
                    assert phone.patch(where, rest, data[rest:]).status_code == 204
                everything.files.add(hashlib.sha256(data).hexdigest())
        print(f"{len(everything.events)} events, {len(everything.files)} files, {cut_uploads} uploads cut and resumed")
        for sha in everything.files:
            assert kept(server, sha) == photos[sha]
        answer = phone.send(phone.hand.wires)
        assert {r["status"] for r in answer["results"]} == {"known"}
        assert [r["h"] for r in answer["results"]] == [h_of(w) for w in phone.hand.wires]
        assert PREFIX in phone.announce(PHOTO)
