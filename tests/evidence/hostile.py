"""Hostile and odd files, made here so that no binary lies in the repository; each name says its trick."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

from PIL import Image

from tests.phone import a_picture


def png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def bomb_png(side: int = 13_000, *, colour: bool = False) -> bytes:
    """A few kilobytes that claim ``side`` × ``side`` pixels, of one bit or of three bytes each."""
    header = struct.pack(">IIBBBBB", side, side, 8 if colour else 1, 2 if colour else 0, 0, 0, 0)
    row = b"\0" + b"\0" * (3 * side if colour else (side + 7) // 8)
    packer = zlib.compressobj(9)
    data = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + png_chunk(b"IDAT", data) + png_chunk(b"IEND", b"")


def apng() -> bytes:
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "green", "blue")]
    buffer = io.BytesIO()
    frames[0].save(buffer, "PNG", save_all=True, append_images=frames[1:], duration=50)
    return buffer.getvalue()


def animated_webp() -> bytes:
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "green")]
    buffer = io.BytesIO()
    frames[0].save(buffer, "WEBP", save_all=True, append_images=frames[1:], duration=50)
    return buffer.getvalue()


def polyglot() -> bytes:
    """A good JPEG with a page and an archive behind it."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as zipped:
        zipped.writestr("x.html", "<script>alert(1)</script>")
    return a_picture(5) + b"<html><script>alert(document.domain)</script></html>" + archive.getvalue()


def heic() -> bytes:
    return struct.pack(">I", 24) + b"ftypheic" + b"\0\0\0\0mif1heic" + bytes(200)


def gps_exif() -> bytes:
    exif = Image.Exif()
    exif[0x010F] = "TestCam"
    gps = exif.get_ifd(0x8825)
    gps[1], gps[2] = "N", (34.0, 43.0, 12.0)
    gps[3], gps[4] = "E", (112.0, 47.0, 3.0)
    return exif.tobytes()


def plain_exif() -> bytes:
    exif = Image.Exif()
    exif[0x010F] = "TestCam"
    exif[0x0112] = 6
    return exif.tobytes()


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
PDF = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\n"
EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 1 1\n"
GIF = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00;"
HTML = b"<!doctype html><script>alert(1)</script>"

REFUSED = {
    "svg": (SVG, "image/png"),
    "pdf": (PDF, "image/jpeg"),
    "eps": (EPS, "image/jpeg"),
    "gif": (GIF, "image/png"),
    "html": (HTML, "image/jpeg"),
    "heic": (heic(), "image/jpeg"),
    "heic-as-sound": (heic(), "audio/mp4"),
    "apng": (apng(), "image/png"),
    "animated-webp": (animated_webp(), "image/webp"),
    "bomb": (bomb_png(), "image/png"),
    "jpeg-as-png": (a_picture(3), "image/png"),
    "empty": (b"", "image/jpeg"),
    "magic-only": (b"\xff\xd8\xff", "image/jpeg"),
    "half-a-header": (a_picture(4)[:40], "image/jpeg"),
    "strokes-not-json": (b"{broken", "application/json"),
    "strokes-a-number": (b"42", "application/json"),
}
