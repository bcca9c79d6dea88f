"""Films for Chromium's fake camera: ``python tests/browser/fake_camera.py FOLDER`` makes ``00.mjpeg``, ``01.mjpeg``, ….

An MJPEG stream is nothing but JPEG files one after the other. No frame of any film is like another, so that two photos
taken of two films never have the same bytes."""

from __future__ import annotations

import sys
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

SIZE = (640, 480)
FILMS = 40
FRAMES = 6


def frame(number: int) -> bytes:
    """One JPEG of a red door plate on a wall, with its number and a mark that wanders."""
    image = Image.linear_gradient("L").resize(SIZE).convert("RGB")
    draw = ImageDraw.Draw(image)
    draw.rectangle((107, 87, 533, 280), fill=(150, 30, 30), outline=(240, 220, 160), width=12)
    draw.text((320, 183), f"SUIJIAN {number:03d}", font=ImageFont.load_default(64), fill="white", anchor="mm")
    left = 14 + number * 2
    draw.ellipse((left, 347, left + 67, 413), fill=(30, 90, 160))
    out = BytesIO()
    image.save(out, "JPEG", quality=80)
    return out.getvalue()


def main(folder: Path) -> None:
    for film in range(FILMS):
        frames = (frame(film * FRAMES + number) for number in range(FRAMES))
        (folder / f"{film:02d}.mjpeg").write_bytes(b"".join(frames))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
