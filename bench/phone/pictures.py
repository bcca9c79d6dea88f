"""Pictures as a phone takes them: ``python bench/phone/pictures.py FOLDER COUNT`` writes COUNT JPEGs of 12 megapixels."""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image, ImageDraw

SIZE = (4000, 3000)


def picture(number: int) -> Image.Image:
    """A wall with grain: about 3 to 5 MB at quality 85, each one different."""
    grain = Image.effect_noise((SIZE[0] // 2, SIZE[1] // 2), 28).resize(SIZE)
    wall = Image.linear_gradient("L").resize(SIZE)
    image = Image.merge("RGB", (Image.blend(wall, grain, 0.35), Image.blend(wall, grain, 0.3), wall))
    ImageDraw.Draw(image).text((200, 200), f"no. {number}", fill="white")
    return image


def main(folder: Path, count: int) -> None:
    for number in range(count):
        picture(number).save(folder / f"{number}.jpg", "JPEG", quality=85)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
