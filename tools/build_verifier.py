"""``python tools/build_verifier.py``: server/draw/verifier/ bundled into the one file server/draw/verifier.html.

The file is committed: it is what citizens save, and the server sends these very bytes. A test builds it again and
compares, so that it cannot fall behind its sources."""

from __future__ import annotations

import re
import subprocess
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "server" / "draw" / "verifier"
PAGE = ROOT / "server" / "draw" / "verifier.html"
ROLLDOWN = ROOT / "pwa" / "node_modules" / ".bin" / "rolldown"


def build() -> bytes:
    """The page as it should be."""
    with tempfile.TemporaryDirectory() as folder:
        bundle = Path(folder) / "page.js"
        subprocess.run(
            [str(ROLLDOWN), str(SOURCE / "page.js"), "--file", str(bundle), "--format", "iife", "--minify"],
            check=True, capture_output=True, cwd=ROOT,
        )  # fmt: skip
        script = bundle.read_text("utf-8").replace("/* @__PURE__ */ ", "").strip()
    if "</script" in script:
        raise SystemExit("the script would end its own element")
    style = re.sub(r"\s*\n\s*", "", (SOURCE / "page.css").read_text("utf-8"))
    page = (SOURCE / "page.html").read_text("utf-8")
    return page.replace("<style></style>", f"<style>{style}</style>").replace("<script></script>", f"<script>{script}</script>").encode()


if __name__ == "__main__":
    PAGE.write_bytes(build())
    print(f"{PAGE.relative_to(ROOT)}: {PAGE.stat().st_size} bytes")
