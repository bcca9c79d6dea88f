"""The unified social credit code (统一社会信用代码, GB 32100-2015): normalise and check.

Written here and not taken from a package: the usual one insists on digits in the first eight places
and so refuses valid codes of rural collectives and others that begin with N, A or Y.
"""

from __future__ import annotations

from dataclasses import dataclass

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_WEIGHTS = tuple(pow(3, i, 31) for i in range(17))
_INNER_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_INNER_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"

# Full-width forms, lower case and the letter O for zero are how codes arrive from forms and
# scanned papers. Only ASCII letters are folded: str.upper() would turn a long s into S.
_FOLD = {code + 0xFEE0: chr(code) for code in range(0x21, 0x7F)}
_FOLD |= {ord(low): low.upper() for low in "abcdefghijklmnopqrstuvwxyz"}
_FOLD |= {ord(low) + 0xFEE0: low.upper() for low in "abcdefghijklmnopqrstuvwxyz"}
_FOLD |= {ord(o): "0" for o in "Oo\uff2f\uff4f"}
_FOLD |= dict.fromkeys(
    [*range(0x09, 0x0E), 0x20, 0xA0, *range(0x2000, 0x2010), 0x202F, 0x205F, 0x2060, 0x3000, 0xFEFF],
    "",
)


@dataclass(frozen=True)
class UsccResult:
    """`code` is normalised whether or not it is `ok`; `reason_zh` says in Chinese what is wrong.

    `warning_zh` is set for a code that passes its own check while the organisation code inside it
    (GB 11714, places 9-17) does not: worth a second look, no ground for a refusal.
    """

    ok: bool
    code: str
    reason_zh: str = ""
    warning_zh: str = ""


def normalise(text: str) -> str:
    """Half-width upper case without spaces, the letter O read as zero; says nothing on validity."""
    return text.translate(_FOLD)


def check_character(body: str) -> str:
    """The 18th character for the first 17; ValueError for a foreign character or another length."""
    if len(body) != 17:
        raise ValueError("17 characters are needed")
    total = sum(ALPHABET.index(char) * weight for char, weight in zip(body, _WEIGHTS, strict=True))
    return ALPHABET[-total % 31]


def check(text: str) -> UsccResult:
    """Normalise `text` and check length, alphabet and the check character."""
    code = normalise(text)
    if not code:
        return UsccResult(False, code, "统一社会信用代码为空")
    if len(code) != 18:
        hint = "，15位的是注册号，请填入注册号一栏" if len(code) == 15 and code.isascii() and code.isdecimal() else ""
        return UsccResult(False, code, f"统一社会信用代码应为18位，现为{len(code)}位{hint}")
    for place, char in enumerate(code, 1):
        if char not in ALPHABET:
            return UsccResult(
                False, code, f"第{place}位“{char}”不是代码字符（不使用字母I、O、Z、S、V）"
            )
    if check_character(code[:17]) != code[17]:
        return UsccResult(False, code, "校验码不符，请核对是否有误写或错位")
    warning = "" if _inner_ok(code[8:17]) else "主体标识码（第9至17位）的校验码不符，请核对证照"
    return UsccResult(True, code, "", warning)


def _inner_ok(organisation: str) -> bool:
    """The check of GB 11714: eight characters and one check character, X standing for ten."""
    total = sum(
        _INNER_ALPHABET.index(char) * weight
        for char, weight in zip(organisation[:8], _INNER_WEIGHTS, strict=True)
    )
    return "0123456789X"[-total % 11] == organisation[8]
