"""SJ-JSON 1 keeps one spelling per value and refuses everything else, deep and large input included."""

from __future__ import annotations

import base64
import enum
import random
import sys
from pathlib import Path

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from server.kernel import canonical
from server.kernel.canonical import NotCanonical
from tests.kernel import documents

VECTORS = Path(__file__).parents[1] / "vectors"


def lines(name: str) -> list[bytes]:
    return [base64.b64decode(line) for line in (VECTORS / name).read_text().splitlines()]


@pytest.mark.parametrize("data", lines("canon-accepted.txt"))
def test_every_accepted_vector_is_kept_byte_for_byte(data: bytes) -> None:
    assert canonical.encode(canonical.decode(data)) == data
    assert canonical.from_json(data) == data


@pytest.mark.parametrize("data", lines("canon-refused.txt"))
def test_every_refused_vector_is_refused(data: bytes) -> None:
    with pytest.raises(NotCanonical):
        canonical.decode(data)


@pytest.mark.parametrize(
    ("loose", "strict"),
    [
        (b' { "b" : [ 1 , true ] ,\r\n\t"a" : "\\u0041\\/" } ', b'{"a":"A/","b":[1,true]}'),
        (b'"\\ud83d\\ude00"', '"😀"'.encode()),
        (b'"\\u001F\\u007f\\u2028"', '"\\u001f\x7f\u2028"'.encode()),
        (b'{"constructor":{"valueof":1}}', b'{"constructor":{"valueof":1}}'),
    ],
)
def test_another_spelling_becomes_canonical_but_is_not_accepted(loose: bytes, strict: bytes) -> None:
    assert canonical.from_json(loose) == strict
    if loose != strict:
        with pytest.raises(NotCanonical):
            canonical.decode(loose)


@pytest.mark.parametrize(
    "data",
    [
        b"", b" ", b"null", b"1.0", b"1e2", b"-0", b"-", b"01", b"+1", b"1 2", b"[1,]", b"[,1]", b"{,}",
        b'{"a":1,}', b'{"a"}', b'{"a":}', b"{a:1}", b'{"a":1,"\\u0061":2}', b'{"":1}', b'{"a-b":1}',
        b'{"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa":1}', b'{"a\\n":1}', b'{"1a":1}', b'{"__proto__":{}}',
        b'{"\\u005f_proto__":{}}', '{"é":1}'.encode(), b'"\\ud800"', b'"\\udc00\\ud800"', b'"\\ud800x"',
        b'"\xed\xa0\x80"', b'"\xff"', b'"\xc0\x80"', b'"\xf4\x90\x80\x80"', b'\xef\xbb\xbf{"a":1}',
        b'{"a":1}\xef\xbb\xbf', b'\xff\xfe{\x00}\x00', b'"\x00"', b'"\n"', b'"', b'"\\', b'"\\x"',
        b'"\\u12"', b'"\\u12g4"', b'"\\u 123"', b'"\\u+123"', b'"\\u1_23"', b"NaN", b"-Infinity",
        b"tru", b"truee", b"TRUE", b"9007199254740992", b"-9007199254740992", b"9" * 5000,
        b"[" + b"1" * 60000 + b"]", b"1\x00", b"\x0b1", b"\xc2\xa01", b"/**/1", b"'a'", b"1//",
        "１".encode(), "[٣]".encode(),
    ],
)  # fmt: skip
def test_text_outside_the_profile_is_refused_in_any_spelling(data: bytes) -> None:
    with pytest.raises(NotCanonical):
        canonical.from_json(data)
    with pytest.raises(NotCanonical):
        canonical.decode(data)


def nested(depth: int, open_: bytes = b"[", core: bytes = b"", close: bytes = b"]") -> bytes:
    return open_ * depth + core + close * depth


def test_eight_levels_are_allowed_and_nine_are_not() -> None:
    assert canonical.decode(nested(8)) == [[[[[[[[]]]]]]]]
    assert canonical.decode(nested(8, b'{"a":', b"1", b"}"))
    for bad in (nested(9), nested(9, b'{"a":', b"1", b"}")):
        with pytest.raises(NotCanonical):
            canonical.from_json(bad)


def test_brackets_inside_strings_are_no_depth() -> None:
    data = canonical.encode(["[[[[[[[[[[", '\\"[[[[{{{{{{{{{{', {"a": "]]]]]]]]]]"}])
    assert canonical.encode(canonical.decode(data)) == data


@pytest.mark.parametrize(
    "data", [b"[" * 65_536, b'{"a":' * 13_107, b'"' + b'\\"' * 32_767, nested(32_768), b'[{"a":' * 10_922]
)
def test_deep_or_broken_input_of_full_size_is_an_ordinary_refusal(data: bytes) -> None:
    recursion = sys.getrecursionlimit()
    with pytest.raises(NotCanonical):
        canonical.from_json(data)
    assert sys.getrecursionlimit() == recursion


def test_the_size_limit_counts_bytes_and_comes_before_parsing() -> None:
    full = '"' + "火" * 21_844 + 'aa"'
    assert len(full.encode()) == canonical.LIMIT
    assert canonical.decode(full.encode()) == full[1:-1]
    with pytest.raises(NotCanonical, match="longer"):
        canonical.decode(full.encode() + b" ")
    with pytest.raises(NotCanonical, match="longer"):
        canonical.encode(full[1:-1] + "a")
    with pytest.raises(NotCanonical, match="longer"):
        canonical.from_json(b"\xff" * (canonical.LIMIT + 1))
    with pytest.raises(NotCanonical, match="longer"):
        canonical.decode(b'{"a":1}', limit=6)
    assert canonical.encode({"a": 1}, limit=7) == b'{"a":1}'


def test_a_small_value_that_repeats_itself_is_refused_before_it_is_written() -> None:
    value: list[object] = ["x"]
    for _ in range(7):
        value = [value] * 500
    with pytest.raises(NotCanonical, match="longer"):
        canonical.encode(value)


class Kind(enum.IntEnum):
    ONE = 1


@pytest.mark.parametrize(
    "value",
    [
        None, 1.0, float("nan"), b"x", {1: 1}, {None: 1}, {True: 1}, {"A": 1}, {"a\n": 1}, {"": 1},
        {"a": None}, [object()], {1, 2}, 2**53, -(2**53), "\ud800", "\ud83d\ude00", {"a": "\udfff"},
        Kind.ONE, range(3), {"a" * 33: 1},
    ],
)  # fmt: skip
def test_a_value_without_a_canonical_form_is_refused(value: object) -> None:
    with pytest.raises(NotCanonical):
        canonical.encode(value)


def test_a_value_that_holds_itself_is_refused() -> None:
    loop: list[object] = []
    loop.append(loop)
    with pytest.raises(NotCanonical):
        canonical.encode(loop)


def test_random_documents_equal_the_rfc8785_package() -> None:
    seed = random.randrange(2**32)
    print("seed", seed)
    rng = random.Random(seed)
    for _ in range(3_000):
        value = documents.value(rng)
        data = canonical.encode(value)
        assert data == rfc8785.dumps(value)
        assert canonical.decode(data) == value
        assert canonical.from_json(documents.respell(rng, value).encode()) == data


@settings(deadline=None, max_examples=300)
@given(st.binary(max_size=60) | st.text(alphabet='{}[]",:\\au0 \n1-e.é', max_size=40).map(str.encode))
def test_whatever_is_accepted_is_its_own_canonical_form(data: bytes) -> None:
    try:
        strict = canonical.from_json(data)
    except NotCanonical:
        with pytest.raises(NotCanonical):
            canonical.decode(data)
        return
    assert canonical.from_json(strict) == strict
    assert canonical.encode(canonical.decode(strict)) == strict
    if data != strict:
        with pytest.raises(NotCanonical):
            canonical.decode(data)
