"""The closed table of event types (D-12): what each body holds, and which class a type is in.

The table is data so that the phone's copy (``pwa/src/core/eventTypes.ts``) can be compared with
it word for word. A field is ``name: kind``; a trailing ``?`` on the name makes it optional. Kinds:

``text:min:max``  characters (code points)     ``int:min:max``  integer      ``bool``
``enum:a|b``      one of the words             ``sha``  hex SHA-256           ``hash``  b64url of 32 bytes
``dev``  b64url of 16 bytes    ``salt``  b64url of 12 bytes    ``id``  identifier, 1-64 characters
``decimal``  decimal number as text   ``date``  YYYY-MM-DD   ``amount``  integer or short text
``witness``  a name or ``obj:witness``   ``json``  anything
``list:min:max:KIND``   ``map:max:KIND`` (keys ``[a-z][a-z0-9_]*``)   ``obj:SHAPE``

Every body also carries ``salt``; it is added by the checker and not repeated here.
"""

from typing import Final

Fields = dict[str, str]

_MS: Final = "int:0:9007199254740991"
_NAME: Final = "text:1:120"
_SHORT: Final = "text:0:200"
_LONG: Final = "text:0:4000"
_COUNT: Final = "int:0:100000"
_OUTCOMES: Final = "enum:completed|not_possible|refused_entry"

SHAPES: Final[dict[str, Fields]] = {
    "hashed": {"id": "id", "hash": "sha"},
    "shown": {"user": "id", "name": _NAME, "certificate_no": "text:0:60"},
    "chain": {"dev": "dev", "n": "int:0:1000000", "root": "hash"},
    "qa": {"q": "text:0:2000", "a": "text:0:4000"},
    "witness": {"name": _NAME, "role?": _SHORT, "ink?": "sha", "phone?": _SHORT},
    "finding": {"checklist": "id", "item": "id", "sheet": "int:0:999", "text": "text:0:80"},
    "gist": {
        "outcome": _OUTCOMES,
        "from": _MS,
        "to": _MS,
        "answered": _COUNT,
        "open": _COUNT,
        "fails": _COUNT,
        "conflicts": _COUNT,
        "photos": _COUNT,
        "audio": _COUNT,
        "findings": "list:0:20:obj:finding",
    },
}

_ANSWER: Final[Fields] = {
    "checklist": "id",
    "item": "id",
    "sheet": "int:0:999",
    "val": "enum:pass|fail|na|neutral",
    "choice?": "list:0:40:id",
    "text?": _LONG,
    "nums?": "map:40:decimal",
    "dates?": "map:40:date",
    "texts?": "map:40:text:0:2000",
    "asked?": "int:0:10000",
    "correct?": "int:0:10000",
    "part?": "text:0:500",
    "note?": _LONG,
    "fixed?": "bool",
    "measure?": "text:0:1000",
    "gate?": "bool",
}

_PHOTO: Final[Fields] = {
    "sha256": "sha",
    "size": "int:1:1000000000",
    "mime": "text:3:80",
    "width": "int:0:100000",
    "height": "int:0:100000",
    "src": "enum:inapp|system|import",
    "purpose": "enum:door|item|general|document|derived",
    "checklist?": "id",
    "item?": "id",
    "sheet?": "int:0:999",
    "caption?": "text:0:500",
    "of?": "sha",
    "stripped?": "bool",
}

_MODES: Final = "enum:on_site|document_review|network_monitoring"
_GAP_REASONS: Final = (
    "enum:battery|storage_full|fault|weather|classified_area|party_privacy|safety_explosive_atmosphere|other"
)

# Content of an inspection (D-6): what the two inspectors attest.
CONTENT: Final[dict[str, Fields]] = {
    "insp.open": {
        "pack": "sha",
        "pin": "hash",
        "mode": _MODES,
        "assignments": "list:0:50:id",
        "checklists": "list:0:50:obj:hashed",
    },
    "recusal.declare": {"inspector": "id", "conflict": "bool", "reason?": _LONG},
    "recusal.request": {"party_name": _NAME, "inspector": "id", "reason": _LONG},
    "rec.mark": {"mark": "id", "ref?": _SHORT, "session?": "id"},
    "outcome": {
        "kind": _OUTCOMES,
        "reason?": "enum:closed|moved|not_found|no_business",
        "note?": _LONG,
    },
    "id.show": {"inspectors": "list:1:20:obj:shown", "party_name?": _SHORT},
    "notice.give": {
        "number": "text:1:120",
        "doc": "sha",
        "mode": "enum:received|refused|left",
        "receiver?": _SHORT,
        "role?": _SHORT,
        "phone?": _SHORT,
        "ink?": "sha",
        "reason?": _LONG,
        "witness?": "witness",
    },
    "told.tick": {"key": "id", "spoken": "bool"},
    "rec.start": {
        "session": "id",
        "device_no": "text:1:80",
        "kind": "enum:body_worn|phone|camera|fixed",
        "wearer": "text:1:120",
        "spare?": _SHORT,
        "battery?": "int:0:100",
        "free_mb?": "int:0:100000000",
        "clock_checked": "bool",
        "offset_s?": "int:-100000000:100000000",
    },
    "rec.gap": {
        "session": "id",
        "from": _MS,
        "to": _MS,
        "reason": _GAP_REASONS,
        "note?": _LONG,
        "spoken_before": "bool",
        "spoken_after": "bool",
    },
    "unit.propose": {"field": "id", "old": _LONG, "new": _LONG, "source?": "text:0:500"},
    "unit.fact": {"fact": "id", "value": "enum:yes|no|unknown", "source?": "text:0:500"},
    "check.answer": _ANSWER,
    "check.change": {**_ANSWER, "over": "list:1:40:hash", "reason?": _LONG},
    "item.na": {"checklist": "id", "item": "id", "sheet": "int:0:999", "reason": _LONG},
    "photo.add": _PHOTO,
    "photo.void": {"sha256": "sha", "reason": _LONG},
    "audio.add": {
        "sha256": "sha",
        "size": "int:1:1000000000",
        "mime": "text:3:80",
        "duration_ms": "int:0:86400000",
        "item?": "id",
        "checklist?": "id",
    },
    "doc.add": {
        "kind": "enum:documentary|physical|av|electronic|testimony",
        "title": "text:1:300",
        "source": "text:0:500",
        "provider?": _SHORT,
        "attested": "bool",
        "photos": "list:0:60:sha",
        "item?": "id",
        "checklist?": "id",
    },
    "note.add": {"text": "text:1:4000", "item?": "id", "checklist?": "id"},
    "interview.add": {
        "name": _NAME,
        "role?": _SHORT,
        "phone?": _SHORT,
        "qa": "list:0:200:obj:qa",
        "ink?": "sha",
    },
    "sample.add": {
        "checklist": "id",
        "sheet": "int:0:999",
        "product": "text:1:300",
        "model?": _SHORT,
        "quantity": "amount",
        "seal_no": "text:1:120",
        "party_name": "text:0:120",
        "photo?": "sha",
    },
    "assist.add": {"name": _NAME, "org": _SHORT, "scope": "text:0:500"},
    "party.statement": {"text": _LONG},
    "supplement.photo": {**_PHOTO, "return_id": "id"},
}

# What attests, signs, closes, answers and corrects; and what the device says about itself.
PROCEDURE: Final[dict[str, Fields]] = {
    "rec.stop": {"session": "id", "storage?": _SHORT},
    "attest": {
        "d": "hash",
        "text": "hash",
        "pin": "hash",
        "chains": "list:0:60:obj:chain",
        "level": "enum:A1|A2|A3",
        "offer?": "hash",
        "gist?": "obj:gist",
    },
    "attest.in": {"h": "text:1:4096", "s": "text:1:200", "b": "text:1:16384"},
    "attest.late": {"d": "hash", "attest?": "hash", "read?": "enum:record|code"},
    "sign.party": {
        "mode": "enum:signed|refused|unable|absent",
        "name?": _SHORT,
        "role?": _SHORT,
        "phone?": _SHORT,
        "reason?": _LONG,
        "ink?": "sha",
        "strokes?": "sha",
        "text": "hash",
        "witness?": "witness",
    },
    "seal": {
        "d": "hash",
        "text": "hash",
        "count": "int:0:1000000",
        "root": "hash",
        "chains": "list:0:60:obj:chain",
        "outcome": _OUTCOMES,
        "party": "bool",
        "ended": _MS,
        "prev_seal?": "hash",
    },
    "reply": {"return_id": "id", "item": "text:0:64", "checklist?": "text:0:64", "text": _LONG},
    "report.opinion": {
        "base": "int:0:1000000",
        "evaluation": _LONG,
        "handling": _LONG,
        "advice": _LONG,
    },
    "late.note": {"text": "text:1:4000"},
    "late.photo": _PHOTO,
    "correct": {
        "target": "hash",
        "path": "text:1:200",
        "old": "hash",
        "new": _LONG,
        "reason": "text:1:4000",
    },
    "correct.approve": {"correct": "hash"},
    "objection": {"text": "text:1:4000", "ref?": _SHORT},
    "gps.fix": {
        "lat": "int:-900000000:900000000",
        "lon": "int:-1800000000:1800000000",
        "acc": "int:0:100000000",
        "at": _MS,
    },
    "app.background": {},
    "app.resume": {},
    "storage.low": {"free_mb": "int:0:100000000"},
    "clock.jump": {"delta": "int:-9007199254740991:9007199254740991"},
    "sync.anchor": {"size?": _MS, "root?": "text:1:100"},
    "sync.receipt": {"size": _MS, "root": "text:1:100"},
    "dev.genesis": {
        "spki": "text:1:600",
        "installation": "id",
        "user": "id",
        "agency": "id",
        "app": "text:0:120",
    },
    "dev.health": {"self_test": "json", "quota?": _MS, "battery?": "int:0:100"},
    "key.rotate": {"spki": "text:1:600", "dev": "dev"},
}

# Allowed after the first seal (record-log 2.8, D-8, D-10, D-11). Everything else of the
# inspection that comes after it is kept and flagged, never merged into the sealed view.
AFTER_SEAL: Final = frozenset(
    {
        "attest", "attest.in", "attest.late", "seal", "reply", "supplement.photo",
        "report.opinion", "late.note", "late.photo", "correct", "correct.approve", "objection",
        "rec.stop", "app.background", "app.resume", "storage.low", "clock.jump", "sync.anchor",
        "sync.receipt", "dev.genesis", "dev.health", "key.rotate",
    }
)  # fmt: skip

BODIES: Final[dict[str, Fields]] = {**CONTENT, **PROCEDURE}
