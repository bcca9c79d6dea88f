"""Event identities, the pinned versions, the attested digest and the party's code, against vectors."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.kernel import b64url, canonical, chain, merkle

VECTORS = Path(__file__).parents[1] / "vectors"


def vector(name: str) -> Any:
    return json.loads((VECTORS / name).read_text("utf-8"))


def test_the_worked_event_has_the_published_hashes() -> None:
    v = vector("event.json")
    body, header = v["body"].encode(), v["header"].encode()
    assert (len(body), len(header)) == (v["body_bytes"], v["header_bytes"])
    assert canonical.encode(canonical.decode(body)) == body
    assert canonical.decode(header, canonical.HEADER_LIMIT)["body"] == b64url.encode(chain.body_hash(body))
    assert chain.body_hash(body).hex() == v["body_hash_hex"]
    assert len(chain.pae(header)) == v["pae_bytes"]
    assert chain.event_hash(header).hex() == v["event_hash_hex"]
    assert chain.device_id(bytes(v["spki_zero_bytes"])) == v["device_id"]
    assert v["genesis_prev"] == chain.GENESIS_PREV


def test_the_attested_digest_and_its_parts_equal_the_vector() -> None:
    v = vector("attest-digest.json")
    pin = v["pin"]
    assert b64url.encode(chain.pin_hash(pin["checklists"], pin["items"], pin["rules"])) == pin["pin"]
    assert b64url.encode(chain.text_hash(v["text"])) == v["text_hash"]
    for head in v["chains"]:
        assert b64url.encode(chain.chain_root(map(b64url.decode, head["events"]))) == head["root"]
    for chains in (v["chains"], v["chains"][::-1]):
        digest = chain.attested_digest(v["insp"], pin["pin"], v["text_hash"], chains)
        assert b64url.encode(digest) == v["digest"]
    assert chain.record_code(b64url.decode(v["digest"])) == v["record_code"]
    for row in v["record_codes"]:
        assert chain.record_code(bytes.fromhex(row["digest_hex"])) == row["code"]


HEAD = chain.ChainHead(dev="A" * 22, n=1, root="A" * 43)


@pytest.mark.parametrize(
    "chains",
    [[HEAD, HEAD], [HEAD, {**HEAD, "n": 2}], [{**HEAD, "n": 0}], [{**HEAD, "n": 1.0}], [{**HEAD, "n": None}]],
)
def test_an_ambiguous_list_of_chains_has_no_digest(chains: Any) -> None:
    with pytest.raises((ValueError, TypeError)):
        chain.attested_digest("i", "p", "t", chains)


@settings(deadline=None)
@given(st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=8), st.data())
def test_any_change_of_content_changes_what_is_attested(events: list[bytes], data: st.DataObject) -> None:
    def digest(rows: list[bytes], text: str = "T" * 43) -> bytes:
        head = chain.ChainHead(dev="D" * 22, n=len(rows), root=b64url.encode(chain.chain_root(rows)))
        return chain.attested_digest("i", "P" * 43, text, [head])

    before = digest(events)
    assert digest([*events, bytes(32)]) != before
    assert digest(events, "U" * 43) != before
    at = data.draw(st.integers(0, len(events) - 1))
    changed = [*events]
    changed[at] = bytes([changed[at][0] ^ 1]) + changed[at][1:]
    assert digest(changed) != before
    if len(events) > 1:
        assert digest(events[:at] + events[at + 1 :]) != before
        if events[0] != events[-1]:
            assert digest([events[-1], *events[1:-1], events[0]]) != before


@settings(deadline=None)
@given(st.lists(st.text(max_size=20), min_size=1, max_size=8), st.data())
def test_a_chain_shows_any_removed_changed_or_swapped_event(notes: list[str], data: st.DataObject) -> None:
    headers: list[bytes] = []
    prev = chain.GENESIS_PREV
    for n, note in enumerate(notes):
        headers.append(canonical.encode({"n": n, "prev": prev, "t": note}))
        prev = b64url.encode(chain.event_hash(headers[-1]))

    def holds(rows: list[bytes]) -> bool:
        before = chain.GENESIS_PREV
        for n, row in enumerate(rows):
            header = canonical.decode(row)
            if (header["n"], header["prev"]) != (n, before):
                return False
            before = b64url.encode(chain.event_hash(row))
        return before == prev

    assert holds(headers)
    at = data.draw(st.integers(0, len(headers) - 1))
    assert not holds(headers[:at] + headers[at + 1 :])
    other = canonical.encode({**canonical.decode(headers[at]), "t": notes[at] + "!"})
    assert not holds([*headers[:at], other, *headers[at + 1 :]])
    if len(headers) > 1:
        assert not holds([*headers[1:], headers[0]])


def test_hashes_of_different_purposes_never_meet() -> None:
    data = b"same bytes"
    purposes = [chain.tagged(tag, data) for tag in ("dev", "body", "pin", "attest", "leaf")]
    purposes += [chain.event_hash(data), hashlib.sha256(data).digest(), merkle.leaf_hash(data)]
    assert len(set(purposes)) == len(purposes)
    assert chain.tagged("body", b"ab", b"c") == hashlib.sha256(b"suijian/body/v1\x00abc").digest()


def test_the_length_in_the_signed_message_counts_bytes() -> None:
    assert chain.pae("火".encode()).endswith(b"+json 3 \xe7\x81\xab")


def test_a_typed_record_code_is_read_kindly_and_nothing_else_passes() -> None:
    assert chain.read_record_code(" 0oil1-abcde ") == "00111ABCDE"
    for bad in ("", "000000000", "00000000000", "U000000000", "０000000000", "00000\n00000"):
        with pytest.raises(ValueError, match="record code"):
            chain.read_record_code(bad)
    with pytest.raises(ValueError, match="32 bytes"):
        chain.record_code(b"short")


def test_a_log_leaf_needs_its_full_salt() -> None:
    v = vector("receipt.json")
    assert chain.log_leaf(bytes.fromhex(v["salt_hex"]), v["entry"].encode()).hex() == v["leaf_hex"]
    with pytest.raises(ValueError, match="16 bytes"):
        chain.log_leaf(b"", v["entry"].encode())


@given(st.binary(max_size=40))
def test_base64url_reads_back_what_it_wrote(data: bytes) -> None:
    text = b64url.encode(data)
    assert b64url.decode(text) == data
    assert text == base64.urlsafe_b64encode(data).decode().rstrip("=")


@pytest.mark.parametrize("text", ["A", "AB", "AAB", "AA==", "A+", "A/", "AA\n", " AA", "é", "AAAAA", "Ａ"])
def test_a_second_spelling_of_base64url_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="base64url"):
        b64url.decode(text)


def test_base64url_of_the_wrong_length_is_refused() -> None:
    assert b64url.decode("AAAA", 3) == bytes(3)
    with pytest.raises(ValueError, match="expected 32"):
        b64url.decode("AAAA", 32)
