"""The verifier that citizens save, and the policy under which a server may send it: only these very bytes run."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

PAGE = Path(__file__).with_name("verifier.html")


def _hash_of(element: str) -> str:
    """The CSP source of the page's only `element` without attributes."""
    text = PAGE.read_text("utf-8").partition(f"<{element}>")[2].partition(f"</{element}>")[0]
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'none'", f"script-src {_hash_of('script')}", f"style-src {_hash_of('style')}", "base-uri 'none'", "form-action 'none'",
        "frame-ancestors 'none'",
    ]
)  # fmt: skip
"""Nothing is loaded and nobody is called: the page works on what the reader gives it."""
