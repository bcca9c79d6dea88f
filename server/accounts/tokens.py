"""Access tokens: made and read in this file only.

PyJWT by itself accepts a token without ``exp`` unless told to require it, and does not look at ``typ``
(measured on 2.15.1); so there is one decoder, with one algorithm, a list of required claims and the
header type of RFC 9068. No key is ever chosen by the token."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import jwt

from server.accounts.domain import SessionEnded
from server.platform import clock
from server.platform.ids import new_id
from server.platform.keys import server_keys

LIFE = timedelta(minutes=10)
ALGORITHM = "ES256"
TYPE = "at+jwt"
ISSUER = "suijian"
AUDIENCE = "suijian-api"
CLAIMS = ["iss", "aud", "sub", "exp", "iat", "jti", "agency", "dev", "ver", "sid"]


@dataclass(frozen=True)
class AccessClaims:
    """What a valid token says. Roles are not in it: they are read at every request."""

    user_id: str
    agency_id: str
    dev: str
    ver: int
    family: str


def encode_access(claims: AccessClaims) -> str:
    """A signed access token that lives for ``LIFE``."""
    now = clock.now_ms() // 1000
    payload = {
        "iss": ISSUER, "aud": AUDIENCE, "sub": claims.user_id, "iat": now,
        "exp": now + int(LIFE.total_seconds()), "jti": new_id(), "agency": claims.agency_id,
        "dev": claims.dev, "ver": claims.ver, "sid": claims.family,
    }
    return jwt.encode(payload, server_keys().token, ALGORITHM, headers={"typ": TYPE})


def decode_access(token: str) -> AccessClaims:
    """The claims of a valid token. Raises SessionEnded for every kind of invalid one."""
    try:
        read = jwt.decode_complete(
            token,
            server_keys().token.public_key(),
            algorithms=[ALGORITHM],
            issuer=ISSUER,
            audience=AUDIENCE,
            # Times are checked below against our own clock, which tests can stop.
            options={"require": CLAIMS, "verify_exp": False, "verify_iat": False},
        )
    except jwt.PyJWTError as wrong:
        raise SessionEnded("登录已失效，请重新登录") from wrong
    payload = read["payload"]
    if read["header"].get("typ") != TYPE:
        raise SessionEnded("登录已失效，请重新登录")
    now = clock.now_ms() // 1000
    times = (payload["iat"], payload["exp"], payload["ver"])
    if any(type(value) is not int for value in times):
        raise SessionEnded("登录已失效，请重新登录")
    if not payload["iat"] - 60 <= now < payload["exp"]:
        raise SessionEnded("登录已失效，请重新登录", expired=True)
    texts = [payload[name] for name in ("sub", "agency", "dev", "sid")]
    if any(type(value) is not str for value in texts):
        raise SessionEnded("登录已失效，请重新登录")
    return AccessClaims(texts[0], texts[1], texts[2], payload["ver"], texts[3])
