"""The child that decodes photos: started alone, with little memory, little time and no environment (D-21).

Reads one JSON line per photo on stdin: {"source", "view", "thumb"} (paths), answers one line:
{"ok": true, "width", "height"} or {"ok": false, "reason"}. A hostile file can end this process; it cannot
end the server, and it cannot make the server forget the original bytes.

Run as a plain file (``python -I worker.py``): it imports the standard library and Pillow, nothing of ours.
"""

from __future__ import annotations

import json
import resource
import sys
import warnings
from typing import Any

MEMORY_BYTES = 640 * 1024 * 1024
CPU_SECONDS = 60
OUTPUT_BYTES = 16 * 1024 * 1024
MAX_PIXELS = 64_000_000
VIEW_PX, THUMB_PX = 1600, 320
FORMATS = ("JPEG", "PNG", "WEBP")


def confine() -> None:
    """Give up what a decoder never needs. A limit hit shows as MemoryError or as the death of this process."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (OUTPUT_BYTES, OUTPUT_BYTES))
    resource.setrlimit(resource.RLIMIT_NOFILE, (32, 32))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def derive(source: str, view: str, thumb: str) -> dict[str, object]:
    """Write the two re-encoded copies; neither carries EXIF, a profile, a comment or a tail."""
    from PIL import Image, ImageOps

    with Image.open(source, formats=FORMATS) as image:
        width, height = image.size
        if width * height > MAX_PIXELS:
            return {"ok": False, "reason": "too_many_pixels"}
        if getattr(image, "n_frames", 1) != 1:
            return {"ok": False, "reason": "more_than_one_frame"}
        # thumbnail() before exif_transpose() lets the JPEG decoder skip pixels it would throw away.
        image.thumbnail((VIEW_PX, VIEW_PX), reducing_gap=2.0)
        upright = ImageOps.exif_transpose(image)
        flat = _flat(upright)
        _save(flat, view)
        flat.thumbnail((THUMB_PX, THUMB_PX))
        _save(flat, thumb)
    return {"ok": True, "width": width, "height": height}


def _flat(image: Any) -> Any:
    """RGB on white paper, as a fresh image: metadata of the source does not come along."""
    from PIL import Image

    rgba = image.convert("RGBA")
    paper = Image.new("RGB", rgba.size, "white")
    paper.paste(rgba, mask=rgba.getchannel("A"))
    return paper


def _save(image: Any, path: str) -> None:
    image.save(path, "JPEG", quality=82, optimize=False)


def main() -> None:
    """Answer photos until stdin ends."""
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    confine()
    for line in sys.stdin:
        task = json.loads(line)
        try:
            answer = derive(task["source"], task["view"], task["thumb"])
        except MemoryError:
            answer = {"ok": False, "reason": "memory"}
        except Exception as fault:
            # Any exception here is the file's doing; its class is all the server needs to know.
            answer = {"ok": False, "reason": type(fault).__name__}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
