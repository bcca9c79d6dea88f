"""A photo whose bytes are known: ``python known_photo.py FILE TEXT`` writes a JPEG with TEXT in its EXIF."""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image


def main(path: Path, words: str) -> None:
    exif = Image.Exif()
    exif[0x010E] = words  # ImageDescription
    exif[0x010F] = "SuijianTestCamera"  # Make
    Image.effect_noise((1600, 1200), 60).convert("RGB").save(path, "JPEG", quality=90, exif=exif)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
