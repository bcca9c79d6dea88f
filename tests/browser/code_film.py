"""A film of another phone's screen: ``python tests/browser/code_film.py OUT.mjpeg PICTURE.png [PICTURE.png …]``.

What a cheap camera makes of a code held before it by hand: turned by some degrees, out of focus, noisy, flat in contrast,
never still, and several codes one after the other."""

from __future__ import annotations

import math
import sys
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageFilter

SIZE = (1280, 720)
CODE = 560
FRAMES_EACH = 10


def frame(code: Image.Image, number: int, noise: Image.Image) -> bytes:
    """One JPEG: the code in a grey room, a little elsewhere in every frame."""
    room = Image.new("L", SIZE, 96)
    room.paste(code, (360 + int(22 * math.sin(number / 3)), 76 + int(14 * math.cos(number / 4))))
    turned = room.rotate(7 + 2 * math.sin(number / 5), Image.Resampling.BICUBIC, fillcolor=96)
    soft = turned.filter(ImageFilter.GaussianBlur(1.1))
    flat = soft.point(lambda value: 40 + value * 150 // 255)
    seen = Image.blend(flat, noise, 0.16)
    out = BytesIO()
    seen.convert("RGB").save(out, "JPEG", quality=82)
    return out.getvalue()


def main(target: Path, pictures: list[Path]) -> None:
    codes = [Image.open(path).convert("L") for path in pictures]
    fitted = [code.resize((CODE, CODE * code.height // code.width), Image.Resampling.LANCZOS) for code in codes]
    # As random for who looks, and made three times instead of some hundred.
    noises = [Image.effect_noise(SIZE, 60) for _ in range(3)]
    number = 0
    with target.open("wb") as film:
        for code in fitted:
            for _ in range(FRAMES_EACH):
                film.write(frame(code, number, noises[number % len(noises)]))
                number += 1


if __name__ == "__main__":
    main(Path(sys.argv[1]), [Path(name) for name in sys.argv[2:]])
