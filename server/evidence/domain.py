"""The rules of evidence files, without I/O: what may be uploaded, by which name, how much, and every refusal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from server.evidence.media import MAX_AUDIO_BYTES, MAX_PHOTO_BYTES, MAX_PIXELS, MAX_STROKES_BYTES, Media
from server.kernel.errors import DomainError

UNNAMED_BYTES_PER_DEVICE = 200 * 1024 * 1024
"""What a device may send ahead of the events that name it."""

BYTES_PER_DEVICE_AND_DAY = 2 * 1024 * 1024 * 1024
OPEN_UPLOADS_PER_DEVICE = 64
UPLOAD_LIFE_MS = 24 * 3600 * 1000

IMAGES = frozenset({"image/jpeg", "image/png", "image/webp"})
SOUNDS = frozenset({"audio/webm", "audio/ogg", "audio/mp4"})
STROKES = "application/json"

ACCEPTED: Mapping[str, frozenset[str]] = {
    "photo": IMAGES,
    "ink": frozenset({"image/png"}),
    "audio": SOUNDS,
    "strokes": frozenset({STROKES}),
    "document": frozenset(),  # PDFs are made here; nobody uploads one
    "unnamed": IMAGES | SOUNDS | {STROKES},
}


class UploadUnknown(DomainError):
    """没有这个上传任务，或者它已过期"""

    code = "E_UPLOAD_UNKNOWN"


class OffsetWrong(DomainError):
    """续传位置不对"""

    code = "E_OFFSET"


class UploadBusy(DomainError):
    """这个文件正在由另一个连接上传"""

    code = "E_UPLOAD_BUSY"


class UploadCut(DomainError):
    """连接中断，已收到的部分保留，可以续传"""

    code = "E_UPLOAD_CUT"


class UploadTooLarge(DomainError):
    """文件超过允许的大小，或者收到的内容多于声明的长度"""

    code = "E_TOO_LARGE"


class ChecksumWrong(DomainError):
    """这一段内容的校验和不符，请重传这一段"""

    code = "E_CHECKSUM"


class MediaDiffers(DomainError):
    """文件内容与登记的哈希不一致，没有保留"""

    code = "E_MEDIA"


class MediaRefused(DomainError):
    """文件格式不在允许范围内"""

    code = "E_MEDIA_TYPE"


class GeoTagged(DomainError):
    """本单位规定不得记录位置，照片中含有位置信息"""

    code = "E_GEO"
    article = "2-04B 保密要求"


class QuotaReached(DomainError):
    """本设备的上传量已到上限，请先同步检查记录或稍后再传"""

    code = "E_QUOTA"


class NotNamed(DomainError):
    """只有登记过的设备可以先于记录上传文件"""

    code = "E_NOT_NAMED"


class TusRefused(DomainError):
    """上传请求不符合断点续传协议"""

    code = "E_TUS"


class TusVersion(DomainError):
    """只支持断点续传协议 tus 1.0.0"""

    code = "E_TUS_VERSION"


class TusContentType(DomainError):
    """续传内容的类型应为 application/offset+octet-stream"""

    code = "E_TUS_TYPE"


class EvidenceUnknown(DomainError):
    """没有这份证据文件"""

    code = "E_EVIDENCE_UNKNOWN"


class DerivativeMissing(DomainError):
    """浏览图尚未生成或无法生成，原件完好保存"""

    code = "E_NO_DERIVATIVE"


@dataclass(frozen=True, slots=True)
class Named:
    """A blob as a signed event names it. ``kind``: photo | ink | audio | strokes | document."""

    sha256: str
    size: int
    mime: str
    kind: str
    geotag_allowed: bool = True
    name: str = ""  # of a document


def base_mime(mime: str) -> str:
    """``audio/webm;codecs=opus`` → ``audio/webm``; browsers name the container ``audio/mp4`` or ``audio/x-m4a``."""
    plain = mime.partition(";")[0].strip().lower()
    return {
        "audio/x-m4a": "audio/mp4",
        "audio/m4a": "audio/mp4",
        "image/jpg": "image/jpeg",
        "audio/aac": "audio/mp4",
    }.get(plain, plain)


def size_limit(kind: str, mime: str) -> int:
    """Most bytes a file of this kind may have."""
    if kind == "audio" or mime in SOUNDS:
        return MAX_AUDIO_BYTES
    return MAX_STROKES_BYTES if kind == "strokes" or mime == STROKES else MAX_PHOTO_BYTES


def admit(kind: str, mime: str, length: int) -> None:
    """May such a file be announced at all? Raises MediaRefused or UploadTooLarge, before any byte is taken."""
    if mime not in ACCEPTED[kind]:
        raise MediaRefused(mime=mime)
    if length > size_limit(kind, mime):
        raise UploadTooLarge(limit=size_limit(kind, mime))


def judge(media: Media, kind: str, mime: str, geotag_allowed: bool) -> None:
    """Are the finished bytes what was announced? Raises MediaRefused or GeoTagged (D-22)."""
    if media.mime != mime or media.mime not in ACCEPTED[kind]:
        raise MediaRefused("文件内容与声明的格式不一致", announced=mime, found=media.mime)
    if media.animated:
        raise MediaRefused("动态图片不能作为证据照片")
    if media.width * media.height > MAX_PIXELS:
        raise MediaRefused("图片像素过大", width=media.width, height=media.height)
    if media.geotagged and not geotag_allowed:
        raise GeoTagged()
