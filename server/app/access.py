"""Enforces the access declarations: before every view, and at start for every route.

The caller stands in ``g.actor`` (``server.accounts.domain.Actor``), None at public views."""

from __future__ import annotations

import hmac
from typing import Any

from flask import Flask, g, request

from server.accounts import operations as accounts
from server.accounts.domain import ROLES, Actor, DeviceRevoked, NotSignedIn, RoleForbidden, StaleToken
from server.platform.access import OPERATOR, PUBLIC, SIGNED_IN, SPECIAL, Declaration, Undeclared, access, body_limit
from server.platform.settings import Settings

__all__ = ["OPERATOR", "PUBLIC", "SIGNED_IN", "Undeclared", "access", "body_limit", "configure", "require_declarations"]

def view_of(app: Flask, endpoint: str, method: str) -> Any:
    """The function that answers ``method`` at ``endpoint``; method views are looked into."""
    view = app.view_functions[endpoint]
    owner = getattr(view, "view_class", None)
    if owner is None:
        return view
    name = "get" if method == "HEAD" and not hasattr(owner, "head") else method.lower()
    return getattr(owner, name, view)


def declared(app: Flask, endpoint: str, method: str) -> Declaration | None:
    """The declaration of a route; OPTIONS that Flask answers by itself is public."""
    view = view_of(app, endpoint, method)
    found = getattr(view, "_access", None)
    if found is None and method == "OPTIONS":
        return Declaration(frozenset({PUBLIC}), False)
    return found


def require_declarations(app: Flask) -> None:
    """Raise Undeclared unless every method of every route says who may call it, in known roles."""
    wrong = []
    for rule in app.url_map.iter_rules():
        for method in sorted(rule.methods or ()):
            found = declared(app, rule.endpoint, method)
            if found is None or found.who - ROLES - SPECIAL:
                wrong.append(f"{method} {rule.rule}")
    if wrong:
        raise Undeclared("no @access, or an unknown role, on: " + ", ".join(wrong))


def configure(app: Flask) -> None:
    """Check the caller before every view."""

    @app.before_request
    def check() -> None:
        g.actor = None
        if request.url_rule is None:
            return
        rule = declared(app, request.url_rule.endpoint, request.method)
        if rule is None or PUBLIC in rule.who:
            return
        if OPERATOR in rule.who:
            _check_operator(app)
            return
        g.actor = _caller(rule)


def _caller(rule: Declaration) -> Actor:
    """The caller, or the refusal: 401 without a valid token, 403 without the role."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token:
        raise NotSignedIn("请先登录")
    actor, fresh = accounts.authenticate(token.strip())
    if SIGNED_IN not in rule.who and not actor.has(*rule.who):
        raise RoleForbidden("您的角色无权进行此操作")
    # Who lost the role is told so at once (403); everybody else with an old token fetches a new one.
    if not fresh:
        raise StaleToken("权限已变更，请刷新登录")
    if actor.dev_revoked and not rule.even_revoked:
        raise DeviceRevoked("此设备已停用，数据仍保存在手机中，请联系管理员")
    return actor


def _check_operator(app: Flask) -> None:
    settings: Settings = app.extensions["suijian-settings"]
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if settings.metrics_token:
        if not hmac.compare_digest(token.encode(), settings.metrics_token.encode()):
            raise NotSignedIn("需要运维令牌")
    elif request.remote_addr not in ("127.0.0.1", "::1") or "X-Forwarded-For" in request.headers:
        # Without a token only this very machine may ask, and not through a proxy.
        raise NotSignedIn("仅限本机访问")
