"""What a file is, told from its own bytes: format, size in pixels, animation, GPS tags. Pure; decodes nothing.

Only headers are walked, so a 20 kB file that claims 169 megapixels costs nothing here. The full decode is a
job in a confined child process (``worker.py``, D-21).
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator
from dataclasses import dataclass

MAX_PIXELS = 64_000_000
MAX_AUDIO_BYTES = 20 * 1024 * 1024
MAX_PHOTO_BYTES = 48 * 1024 * 1024
MAX_STROKES_BYTES = 1024 * 1024

# ISO-BMFF brands of audio containers. HEIC and AVIF are ISO-BMFF too and must not pass as sound.
AUDIO_BRANDS = frozenset(
    {b"M4A ", b"M4B ", b"mp41", b"mp42", b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"dash", b"3gp4", b"3gp5"}
)


@dataclass(frozen=True, slots=True)
class Media:
    """``mime`` as the bytes say it, pixel size (0 × 0 for sound), more than one frame, a GPS tag inside."""

    mime: str
    width: int = 0
    height: int = 0
    animated: bool = False
    geotagged: bool = False


Buffer = bytes | mmap.mmap


class UnknownMedia(ValueError):
    """The bytes are none of the formats this system keeps; the text says what is wrong (Chinese)."""


def look(data: Buffer) -> Media:
    """Recognise ``data`` by its magic and headers.

    Raises UnknownMedia for every format outside the list: JPEG, PNG, WEBP, WebM, Ogg, MP4 sound.
    """
    if data[:3] == b"\xff\xd8\xff":
        return _jpeg(data)
    if data[:8] == b"\x89PNG\r\n\x1a\n":
        return _png(data)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return _webp(data)
    if data[:4] == b"\x1a\x45\xdf\xa3" and b"webm" in data[:64]:
        return Media("audio/webm")
    if data[:4] == b"OggS":
        return Media("audio/ogg")
    if data[4:8] == b"ftyp" and data[8:12] in AUDIO_BRANDS:
        return Media("audio/mp4")
    raise UnknownMedia("文件格式不在允许范围内（照片 JPEG/PNG/WEBP，录音 WebM/Ogg/MP4）")


def _jpeg(data: Buffer) -> Media:
    width = height = 0
    geotagged = False
    for marker, segment in _jpeg_segments(data):
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            if len(segment) < 5:
                raise UnknownMedia("JPEG 文件头不完整")
            height, width = struct.unpack(">HH", segment[1:5])
        elif marker == 0xE1:
            geotagged = geotagged or _app1_has_gps(segment)
    if not width or not height:
        raise UnknownMedia("JPEG 文件头不完整")
    return Media("image/jpeg", width, height, False, geotagged)


def _jpeg_segments(data: Buffer) -> Iterator[tuple[int, bytes]]:
    """Marker segments up to the first scan; pixel data is never touched."""
    at = 2
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            raise UnknownMedia("JPEG 文件头损坏")
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker == 0xDA or marker == 0xD9:
            return
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        if length < 2:
            raise UnknownMedia("JPEG 文件头损坏")
        yield marker, data[at + 4 : at + 2 + length]
        at += 2 + length


def _app1_has_gps(segment: bytes) -> bool:
    if segment.startswith(b"Exif\0\0"):
        return tiff_has_gps(segment[6:])
    return xmp_has_gps(segment)


def _png(data: Buffer) -> Media:
    if data[12:16] != b"IHDR" or len(data) < 33:
        raise UnknownMedia("PNG 文件头不完整")
    width, height = struct.unpack(">II", data[16:24])
    animated = geotagged = False
    at = 8
    while at + 8 <= len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        kind = data[at + 4 : at + 8]
        if kind == b"acTL":
            animated = True
        elif kind == b"eXIf":
            geotagged = geotagged or tiff_has_gps(data[at + 8 : at + 8 + length])
        elif kind in (b"iTXt", b"tEXt"):
            geotagged = geotagged or xmp_has_gps(data[at + 8 : at + 8 + length])
        elif kind == b"IEND":
            break
        at += 12 + length
    return Media("image/png", width, height, animated, geotagged)


def _webp(data: Buffer) -> Media:
    width = height = 0
    animated = geotagged = False
    at = 12
    while at + 8 <= len(data):
        kind = data[at : at + 4]
        length = int.from_bytes(data[at + 4 : at + 8], "little")
        # Pixel chunks can be megabytes; their first ten bytes carry the size.
        body = data[at + 8 : at + 8 + (length if kind in (b"EXIF", b"XMP ") else min(length, 10))]
        if kind == b"VP8X" and len(body) >= 10:
            animated = bool(body[0] & 0x02)
            width, height = int.from_bytes(body[4:7], "little") + 1, int.from_bytes(body[7:10], "little") + 1
        elif kind == b"VP8 " and len(body) >= 10 and not width:
            width = int.from_bytes(body[6:8], "little") & 0x3FFF
            height = int.from_bytes(body[8:10], "little") & 0x3FFF
        elif kind == b"VP8L" and len(body) >= 5 and not width:
            bits = int.from_bytes(body[1:5], "little")
            width, height = (bits & 0x3FFF) + 1, ((bits >> 14) & 0x3FFF) + 1
        elif kind in (b"ANIM", b"ANMF"):
            animated = True
        elif kind == b"EXIF":
            geotagged = geotagged or tiff_has_gps(body.removeprefix(b"Exif\0\0"))
        elif kind == b"XMP ":
            geotagged = geotagged or xmp_has_gps(body)
        at += 8 + length + (length & 1)
    if not width or not height:
        raise UnknownMedia("WEBP 文件头不完整")
    return Media("image/webp", width, height, animated, geotagged)


def tiff_has_gps(tiff: bytes) -> bool:
    """Does IFD0 of this TIFF block point to a GPS directory with anything in it?

    An unreadable block counts as "no": what no reader can find is no position.
    """
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None or len(tiff) < 8:
        return False
    (start,) = struct.unpack(order + "I", tiff[4:8])
    for tag, value in _ifd(tiff, order, start):
        if tag == 0x8825:
            return any(True for _ in _ifd(tiff, order, value))
    return False


def _ifd(tiff: bytes, order: str, start: int) -> Iterator[tuple[int, int]]:
    """(tag, value or offset) of one directory; stops at the end of the bytes."""
    if start + 2 > len(tiff):
        return
    (count,) = struct.unpack(order + "H", tiff[start : start + 2])
    for i in range(min(count, 512)):
        entry = tiff[start + 2 + 12 * i : start + 14 + 12 * i]
        if len(entry) < 12:
            return
        tag, _type, _number, value = struct.unpack(order + "HHII", entry)
        yield tag, value


def xmp_has_gps(packet: bytes) -> bool:
    """XMP repeats the position as text (``exif:GPSLatitude``)."""
    return b"GPSLatitude" in packet or b"GPSLongitude" in packet or b"GPSCoordinates" in packet
