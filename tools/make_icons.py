"""Draw the app's icons: 随检 in white on the brand blue, with a tick below.

Run by hand (Pillow, and the bold font in server/documents/fonts); the PNG files are committed.
"""

from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

ROOT = Path(__file__).resolve().parent.parent
FONT = ROOT / "server" / "documents" / "fonts" / "NotoSerifSC-Bold.ttf"
BRAND = (11, 79, 138)
WHITE = (255, 255, 255)


def mark(size: int, *, corner: float, inset: float) -> Image.Image:
    """One square icon; ``corner`` and ``inset`` are shares of ``size``."""
    scale = 4
    side = size * scale
    image = Image.new("RGBA", (side, side), (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle((0, 0, side - 1, side - 1), radius=side * corner, fill=BRAND)
    room = side * (1 - 2 * inset)
    font = ImageFont.truetype(str(FONT), int(room * 0.5))
    draw.text((side / 2, side / 2 - room * 0.14), "随检", font=font, fill=WHITE, anchor="mm")
    left, width, low = side / 2 - room * 0.22, room * 0.44, side / 2 + room * 0.30
    draw.line(
        [(left, low), (left + width * 0.36, low + room * 0.12), (left + width, low - room * 0.08)],
        fill=WHITE,
        width=int(room * 0.075),
        joint="curve",
    )
    return image.resize((size, size), Image.Resampling.LANCZOS)


def main() -> None:
    target = ROOT / "pwa" / "public" / "icons"
    icons = {
        "icon-192.png": mark(192, corner=0.2, inset=0.08),
        "icon-512.png": mark(512, corner=0.2, inset=0.08),
        # The launcher may cut a maskable icon down to a circle of 80 %: nothing rounded, wider inset.
        "maskable-512.png": mark(512, corner=0, inset=0.18),
        "apple-touch-icon.png": mark(180, corner=0, inset=0.10),
    }
    for name, image in icons.items():
        # Two colours and their blends: 32 entries are plenty and a quarter of the bytes.
        image.quantize(32, method=Image.Quantize.FASTOCTREE).save(target / name, optimize=True)


if __name__ == "__main__":
    main()
