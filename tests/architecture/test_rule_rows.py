"""Every rule of plans and draws has a test whose name says its row and whose docstring quotes its article.

``tests/vectors/rule-rows.json``: the rows of the five seed documents (文昌湖 13-17, 金东 六, 舞钢 六, 乌审旗 四, 偃师 三)."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable, Mapping
from functools import cache

from tests.architecture.sources import ROOT, text, tracked, under

LEAST = 4
"""Fewer characters between two punctuation marks are no quotation."""


@cache
def rows() -> dict[str, str]:
    return dict(json.loads((ROOT / "tests/vectors/rule-rows.json").read_text("utf-8")))


@cache
def written() -> tuple[tuple[str, str], ...]:
    """(name, docstring) of every test function of the repository."""
    files = [path for path in under(tracked(".py"), "tests") if path.name.startswith("test_")]
    found = (node for path in files for node in ast.walk(ast.parse(text(path))) if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"))
    return tuple((node.name, ast.get_docstring(node) or "") for node in found)


def named(row: str, name: str) -> bool:
    """``test_ws_4_2a_...`` and ``test_ws_42a_...`` name WS-4.2a; ``test_ws_42_...`` does not."""
    seed, number = row.lower().split("-")
    return re.search(f"_{seed}_{'_?'.join(number.replace('.', ''))}(?![a-z0-9])", name) is not None


def quoted(quote: str, docstring: str) -> bool:
    return any(part in docstring for part in re.split(r"\W+", quote) if len(part) >= LEAST)


def without_test(wanted: Mapping[str, str], tests: Iterable[tuple[str, str]]) -> list[str]:
    known = list(tests)
    return [row for row, quote in wanted.items() if not any(named(row, name) and quoted(quote, docstring) for name, docstring in known)]


def test_every_row_has_a_test_that_says_it_and_quotes_it() -> None:
    assert without_test(rows(), written()) == []


def test_the_rows_are_those_of_the_five_documents() -> None:
    seeds = [row.split("-")[0] for row in rows()]
    assert {seed: seeds.count(seed) for seed in seeds} == {"YS": 12, "WC": 16, "JD": 3, "WG": 3, "WS": 8}
    assert all(any(len(part) >= LEAST for part in re.split(r"\W+", quote)) for quote in rows().values())


def test_a_row_whose_test_lacks_the_name_or_the_quote_is_missed() -> None:
    quote = {"WS-4.2a": "检查对象确定后，各股室在…名录库中随机抽取行政检查人员"}
    assert without_test(quote, [("test_ws_4_2a_objects_first", "检查对象确定后")]) == without_test(quote, [("test_ws_42a_first", "乌审旗：检查对象确定后。")]) == []
    for name, docstring in (("test_ws_42a_first", "objects first"), ("test_ws_4_2b_x", "检查对象确定后"), ("test_ws_4_2_x", "检查对象确定后"), ("test_ws_4_2ab_x", "检查对象确定后"), ("test_xws_42a", "检查对象确定后")):
        assert without_test(quote, [(name, docstring)]) == ["WS-4.2a"], name
