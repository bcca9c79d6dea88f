"""Which official documents exist, and what they are called. Pure.

Sources: 司法部行政检查文书 2025 (通知书), WG-10.4, documents.md 3.2–3.9."""

from __future__ import annotations

from server.kernel.errors import DomainError

DOCUMENT_WORDS = {"notice": "检通字", "record": "检记字", "report": "检报字"}
"""The word between the agency's short name and the year."""

TITLES = {"notice": "行政检查通知书", "receipt": "送达回执", "record": "现场检查记录", "report": "检查报告"}
"""Kinds of documents that can be asked for. The record's own title stands in its text (D-7)."""


class DocumentUnknown(DomainError):
    """There is no such document of this inspection (yet)."""

    code = "E_DOCUMENT_UNKNOWN"


class DocumentNotReady(DomainError):
    """The document is made from a sealed record, and the record is not sealed."""

    code = "E_DOCUMENT_NOT_READY"


class FontLacksCharacter(DomainError):
    """A name holds a character that the embedded font cannot print (D-30)."""

    code = "E_FONT"
