"""Credit codes, ids, moments and the error base."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.kernel import ids, moments, uscc
from server.kernel.errors import DomainError

CODES: Any = json.loads((Path(__file__).parents[1] / "vectors" / "uscc.json").read_text("utf-8"))
EXAMPLE = "91350100M000100Y43"


@pytest.mark.parametrize("row", CODES["good"], ids=lambda row: row["why"])
def test_a_good_code_is_accepted_however_it_was_typed(row: dict[str, str]) -> None:
    assert uscc.check(row["text"]) == uscc.UsccResult(True, row["code"])


@pytest.mark.parametrize("row", CODES["bad"], ids=lambda row: row["why"])
def test_a_bad_code_is_refused_with_a_reason(row: dict[str, str]) -> None:
    result = uscc.check(row["text"])
    assert not result.ok
    assert result.reason_zh


@pytest.mark.parametrize("row", CODES["warned"], ids=lambda row: row["why"])
def test_a_doubtful_organisation_code_warns_and_does_not_refuse(row: dict[str, str]) -> None:
    result = uscc.check(row["text"])
    assert (result.ok, result.reason_zh) == (True, "")
    assert result.warning_zh


def test_every_single_slip_and_every_swap_of_the_example_is_caught() -> None:
    slips = [
        EXAMPLE[:at] + char + EXAMPLE[at + 1 :]
        for at in range(18)
        for char in uscc.ALPHABET
        if char != EXAMPLE[at]
    ]
    swaps = {EXAMPLE[:i] + EXAMPLE[i + 1] + EXAMPLE[i] + EXAMPLE[i + 2 :] for i in range(17)} - {EXAMPLE}
    assert (len(slips), len(swaps)) == (540, 13)
    assert not any(uscc.check(text).ok for text in [*slips, *swaps])


def test_a_registration_number_is_named_as_such() -> None:
    assert "注册号" in uscc.check("410481100001234").reason_zh


@given(st.integers(0, 2**48 - 1), st.binary(min_size=10, max_size=10))
def test_a_uuid7_has_the_layout_of_the_standard_and_sorts_by_time(ms: int, rand: bytes) -> None:
    text = ids.uuid7_from(ms, rand)
    value = UUID(text)
    assert ids.is_uuid7(text)
    assert (value.version, value.variant, value.int >> 80) == (7, "specified in RFC 4122", ms)
    if ms:
        assert ids.uuid7_from(ms - 1, bytes([255]) * 10) < text


def test_what_does_not_fit_a_uuid7_is_refused() -> None:
    for ms, rand in ((-1, bytes(10)), (2**48, bytes(10)), (0, bytes(9)), (0, bytes(11))):
        with pytest.raises(ValueError, match="must"):
            ids.uuid7_from(ms, rand)
    good = ids.uuid7_from(0, bytes(10))
    for bad in (good.upper().replace("0", "A"), good.replace("-", ""), good + "\n", "", good.replace("-7", "-4")):
        assert not ids.is_uuid7(bad)


def test_a_blob_hash_has_one_spelling() -> None:
    assert ids.is_blob_hash("0a" * 32)
    assert not any(map(ids.is_blob_hash, ["0A" * 32, "0a" * 31, "0a" * 32 + "\n", ""]))


def test_the_date_of_law_is_the_date_in_china() -> None:
    before = moments.to_ms(datetime(2026, 9, 24, 15, 59, 59, 999_000, UTC))
    assert moments.local_date(before) == date(2026, 9, 24)
    assert moments.local_date(before + 1) == date(2026, 9, 25)
    assert moments.day_end_ms(date(2026, 9, 24)) == before + 1 == moments.day_start_ms(date(2026, 9, 25))
    assert moments.date_of(moments.from_ms(before + 1)) == date(2026, 9, 25)


def test_moments_in_words() -> None:
    ms = moments.to_ms(datetime(2026, 9, 24, 1, 5, tzinfo=UTC))
    assert moments.zh_minute(ms) == "2026年9月24日 9时05分"
    assert moments.zh_date(date(2026, 1, 2)) == "2026年1月2日"


@given(st.integers(-(10**12), 10**14))
def test_milliseconds_survive_the_way_there_and_back(ms: int) -> None:
    assert moments.to_ms(moments.from_ms(ms)) == ms
    assert moments.to_ms(moments.local(ms) + timedelta(microseconds=999)) == ms


def test_an_instant_without_a_zone_is_refused() -> None:
    naive = datetime(2026, 9, 24, tzinfo=UTC).replace(tzinfo=None)
    for read in (moments.to_ms, moments.date_of):
        with pytest.raises(ValueError, match="time zone"):
            read(naive)


def test_a_refusal_carries_its_sentence_its_article_and_its_facts() -> None:
    class TooFew(DomainError):
        """检查人员不得少于两人."""

        code = "E_TWO_REQUIRED"
        article = "行政处罚法 第四十二条"

    assert TooFew().detail == "检查人员不得少于两人."
    error = TooFew("回避后不足两人", eligible=1)
    assert (error.code, error.detail, error.facts, str(error)) == (
        "E_TWO_REQUIRED", "回避后不足两人", {"eligible": 1}, "回避后不足两人",
    )  # fmt: skip
