"""Who may do what: the closed roles, who the caller is, and the refusals of this capability."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal, get_args

from server.kernel.errors import DomainError

Role = Literal["inspector", "reviewer", "plan_officer", "superior", "auditor", "administrator"]
ROLES: frozenset[str] = frozenset(get_args(Role))
# Separation of duties (等保2.0 8.1.4.2): who watches, and who runs the system, does nothing else.
ALONE = frozenset({"auditor", "administrator"})

# What the holder says of an older phone of theirs (record-log 2.10).
STORIES = ("in_use", "reinstalled", "replaced", "lost")

LOGIN = r"[a-z0-9][a-z0-9._-]{2,63}"
# Crockford's alphabet: no I, L, O, U, so a code read aloud is written down right.
CODE_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE_LENGTH = 10
PASSWORD_LEAST = 10


@dataclass(frozen=True)
class Actor:
    """The caller of an operation. ``dev`` is empty at a desk that is not an enrolled device."""

    user_id: str
    agency_id: str
    roles: frozenset[str]
    dev: str = ""
    name: str = ""
    dev_revoked: bool = False
    family: str = field(default="", compare=False)

    def has(self, *roles: str) -> bool:
        """Whether the caller has at least one of these roles."""
        return not self.roles.isdisjoint(roles)


class WrongLogin(DomainError):
    """账号或密码不正确 (whether the account exists is not said)."""

    code = "E_LOGIN"


class SessionEnded(DomainError):
    """登录已失效."""

    code = "E_SESSION"


class TokenReused(DomainError):
    """登录凭据被重复使用: the whole family of refresh tokens is revoked."""

    code = "E_REFRESH_REUSED"


class StaleToken(DomainError):
    """权限已变更: the access token is older than the person's rights; refresh it."""

    code = "E_TOKEN_STALE"


class NotSignedIn(DomainError):
    """未登录."""

    code = "E_NOT_SIGNED_IN"


class RoleForbidden(DomainError):
    """角色无权进行此操作."""

    code = "E_ROLE"


class DeviceRevoked(DomainError):
    """设备已停用: nothing on the phone is lost, but only the quarantine is open to it."""

    code = "E_DEVICE_REVOKED"


class BadKey(DomainError):
    """设备公钥或签名不正确."""

    code = "E_KEY"


class BadEnrolmentCode(DomainError):
    """登记码无效、已使用或已过期."""

    code = "E_ENROL_CODE"


class KeyAlreadyEnrolled(DomainError):
    """此密钥已登记: every enrolment makes its own key."""

    code = "E_KEY_ENROLLED"


class RotationUnknown(DomainError):
    """没有这次密钥更换: the old key has not named this one, as far as has arrived here."""

    code = "E_ROTATION"


class BadLossTime(DomainError):
    """遗失时间不正确: after now, or before the phone was enrolled."""

    code = "E_LOSS_TIME"


class LoginTaken(DomainError):
    """账号已存在."""

    code = "E_LOGIN_TAKEN"


class BadRoles(DomainError):
    """角色组合不允许."""

    code = "E_ROLES"
    article = "GB/T 22239-2019 8.1.4.2"


class WeakPassword(DomainError):
    """密码不符合要求."""

    code = "E_PASSWORD"


class RecoveryNotNow(DomainError):
    """没有等待处理的申请: it was withdrawn, answered or is older than a day."""

    code = "E_RECOVERY_STATE"


class RecoveryCheckWrong(DomainError):
    """核对码不一致: the administrator must hear it from the person, not from the screen of somebody else."""

    code = "E_RECOVERY_CHECK"


class RecoveryLoginOld(DomainError):
    """须重新输入密码: a session that has been lying about says nothing about who holds the phone."""

    code = "E_RECOVERY_LOGIN"


class RecoveryBoxBroken(DomainError):
    """手机交来的密钥副本打不开."""

    code = "E_RECOVERY_BOX"


class ListEmbargoed(DomainError):
    """名单公开前仅限需要知悉的人员查看."""

    code = "E_EMBARGO"
    article = "舞钢细则 九"


class NotFound(DomainError):
    """不存在, or another agency's: both answer the same."""

    code = "E_NOT_FOUND"


def checked_roles(roles: list[str]) -> list[str]:
    """The roles sorted and without repeats. Raises BadRoles for none, unknown or combined watchers."""
    chosen = sorted(set(roles))
    unknown = [role for role in chosen if role not in ROLES]
    if not chosen or unknown:
        raise BadRoles("至少选择一个角色，且只能从规定的角色中选择", unknown=unknown)
    if len(chosen) > 1 and not ALONE.isdisjoint(chosen):
        raise BadRoles("审计员、系统管理员不得兼任其他角色", roles=chosen)
    return chosen


def check_password(password: str, login: str) -> None:
    """Length matters, composition does not (NIST SP 800-63B). Raises WeakPassword."""
    if len(password) < PASSWORD_LEAST:
        raise WeakPassword(f"密码至少 {PASSWORD_LEAST} 个字符")
    if login.lower() in password.lower() or len(set(password)) < 4:
        raise WeakPassword("密码过于简单，不能包含账号或只由少数字符组成")


def normal_login(text: str) -> str:
    """Logins are compared in lower case without surrounding blanks."""
    return text.strip().lower()


def normal_code(text: str) -> str:
    """An enrolment code as typed by a person: case, blanks, dashes and look-alikes do not matter."""
    cleaned = re.sub(r"[\s-]", "", text).upper()
    return cleaned.translate(str.maketrans("OIL", "011"))
