"""The only place that knows HTTP statuses: refusals become problem+json (RFC 9457).

``PROBLEMS`` maps each DomainError to its status and short title. A test walks all subclasses and fails
when one is missing. Whatever is not a known refusal answers 500 with an incident id and nothing else."""

from __future__ import annotations

import secrets
from http import HTTPStatus
from typing import Any

import structlog
from flask import Flask, Response, json, request
from sqlalchemy.exc import IntegrityError
from werkzeug.exceptions import HTTPException

from server.accounts import domain as accounts
from server.audit import domain as audit
from server.documents import domain as documents
from server.draw import domain as draw_domain
from server.draw import refusals as draw
from server.evidence import domain as evidence
from server.inspections import domain as inspections
from server.kernel.errors import DomainError
from server.plans import domain as plans
from server.platform import limits
from server.platform.sheets import UnreadableSheet
from server.registry import domain as registry
from server.reports import domain as reports
from server.rules import domain as rules
from server.rules import listing
from server.sync import domain as sync

log = structlog.get_logger("problems")

PROBLEMS: dict[type[DomainError], tuple[int, str]] = {
    # accounts
    accounts.WrongLogin: (401, "账号或密码不正确"),
    accounts.NotSignedIn: (401, "未登录"),
    accounts.SessionEnded: (401, "登录已失效"),
    accounts.TokenReused: (401, "登录凭据被重复使用"),
    accounts.StaleToken: (401, "权限已变更"),
    accounts.RoleForbidden: (403, "无权操作"),
    accounts.DeviceRevoked: (403, "设备已停用"),
    accounts.BadKey: (422, "设备密钥不正确"),
    accounts.BadEnrolmentCode: (403, "登记码无效"),
    accounts.KeyAlreadyEnrolled: (409, "密钥已登记"),
    accounts.RotationUnknown: (409, "没有这次密钥更换"),
    accounts.BadLossTime: (422, "遗失时间不正确"),
    accounts.LoginTaken: (409, "账号已存在"),
    accounts.BadRoles: (422, "角色不允许"),
    accounts.WeakPassword: (422, "密码不符合要求"),
    accounts.RecoveryNotNow: (409, "申请已不在等待"),
    accounts.RecoveryCheckWrong: (422, "核对码不一致"),
    accounts.RecoveryLoginOld: (403, "请重新输入密码"),
    accounts.RecoveryBoxBroken: (422, "密钥副本打不开"),
    accounts.ListEmbargoed: (403, "名单尚未公开"),
    accounts.NotFound: (404, "未找到"),
    # the public log; the statuses of the witness are those of C2SP tlog-witness
    audit.LogSizeUnknown: (404, "日志没有这个长度"),
    audit.LogBroken: (409, "日志不完整"),
    audit.CheckpointUnknown: (404, "没有这个检查点"),
    audit.WitnessRefused: (400, "见证请求不成立"),
    audit.WitnessBadRequest: (400, "见证请求不正确"),
    audit.WitnessUnknownLog: (404, "不见证这份日志"),
    audit.WitnessUnsigned: (403, "检查点没有有效签名"),
    audit.WitnessConflict: (409, "与上次见证不一致"),
    audit.WitnessBadProof: (422, "一致性证明不成立"),
    # rules
    rules.UnknownAgency: (404, "没有这个机关的规则"),
    rules.ProfileNotInForce: (409, "规则未生效"),
    rules.RulesFaulty: (500, "检查表数据有错误"),
    rules.UnknownVersion: (404, "没有这个版本"),
    listing.DeviationNeedsReason: (422, "须写明特殊要求"),
    listing.ItemUnknown: (422, "事项不在清单里"),
    # tables that clerks send
    UnreadableSheet: (422, "表格无法读取"),
    # registry
    registry.ImportHeadersWrong: (422, "表头不符"),
    registry.FilterWrong: (422, "筛选条件不对"),
    registry.SubPoolUnknown: (404, "没有这个子库"),
    registry.FieldsWrong: (422, "填写有误"),
    registry.UnitTaken: (409, "名录库里已有"),
    registry.CertificateTaken: (409, "执法证号已登记"),
    registry.MarkUnknown: (404, "没有这条情形"),
    registry.EntryUnknown: (404, "没有这条记录"),
    registry.ProposalUnknown: (404, "没有这条建议"),
    registry.ImportUnknown: (404, "没有这次导入"),
    registry.ImportForbidden: (403, "无权导入"),
    registry.ImportNotReady: (409, "现在不能这样做"),
    registry.UndoRefused: (409, "不能撤销"),
    registry.UnitUnknown: (404, "没有这个检查对象"),
    registry.InspectorUnknown: (404, "没有这名执法检查人员"),
    # draw
    draw.DrawUnknown: (404, "没有这次抽取"),
    draw.VoidUnknown: (404, "没有这个申请"),
    draw.RuleBroken: (409, "不符合规则"),
    draw.ProposalWrong: (422, "方案不符合规则"),
    draw.OfficialsWrong: (422, "抽取人员不符合要求"),
    draw.NotYourPart: (403, "不由您办理"),
    draw.StepNotDue: (409, "步骤不对"),
    draw.SecondDraw: (409, "已经抽取过"),
    draw.Blacklisted: (409, "黑名单单位不得剔除"),
    draw.StillSecret: (403, "名单尚未公开"),
    draw.NobodyLeft: (409, "没有可抽的对象或人员"),
    draw.PhotoWrong: (422, "照片不符合要求"),
    draw_domain.DrawFault: (409, "抽取过程核对不上"),
    draw_domain.DiceTooFew: (422, "骰子点数不够"),
    # plans
    plans.BatchHeadersWrong: (422, "表头不符"),
    plans.BatchHasErrors: (422, "有的行不能导入"),
    plans.BatchKnown: (409, "批次已导入"),
    plans.BatchUnknown: (404, "没有这个批次"),
    plans.PlanUnknown: (404, "未找到"),
    plans.PlanState: (409, "状态不允许"),
    plans.PlanChanged: (409, "已被他人修改"),
    plans.PlanRefused: (422, "内容不符合规则"),
    plans.PlanPublished: (409, "计划已公开"),
    plans.OwnWork: (409, "须由他人批准"),
    plans.LateNeedsNote: (409, "已过截止日"),
    plans.Embargoed: (403, "名单公开前保密"),
    plans.NotPublic: (409, "不能公开"),
    plans.PastLimit: (409, "超过检查时限"),
    plans.TypeIsDrawn: (409, "须随机抽取"),
    plans.NoBasis: (422, "没有检查依据"),
    plans.ReasonUnknown: (422, "调整理由不允许"),
    plans.Answered: (409, "已答复"),
    # documents
    documents.DocumentUnknown: (404, "没有这份文书"),
    documents.DocumentNotReady: (409, "文书尚不能生成"),
    documents.FontLacksCharacter: (422, "字体缺字"),
    # reports
    reports.ReportUnknown: (404, "没有这份报告"),
    reports.TwoRequired: (409, "须两名检查人员核验"),
    reports.ReportIncomplete: (409, "内容不完整"),
    reports.WrongState: (409, "状态不允许"),
    reports.NotYours: (403, "无权办理"),
    reports.ClockNeedsReason: (409, "须说明时间依据"),
    reports.ReasonsMissing: (422, "须写明退回原因"),
    # evidence
    evidence.UploadUnknown: (404, "上传任务不存在"),
    evidence.OffsetWrong: (409, "续传位置不对"),
    evidence.UploadBusy: (423, "正在上传"),
    evidence.UploadCut: (408, "连接中断"),
    evidence.UploadTooLarge: (413, "文件过大"),
    evidence.ChecksumWrong: (460, "校验和不符"),
    evidence.MediaDiffers: (460, "内容与哈希不一致"),
    evidence.MediaRefused: (415, "格式不允许"),
    evidence.GeoTagged: (422, "不得含有位置信息"),
    evidence.QuotaReached: (429, "上传量已到上限"),
    evidence.NotNamed: (403, "文件未登记"),
    evidence.TusRefused: (400, "上传请求不正确"),
    evidence.TusVersion: (412, "协议版本不支持"),
    evidence.TusContentType: (415, "内容类型不正确"),
    evidence.EvidenceUnknown: (404, "证据文件不存在"),
    evidence.DerivativeMissing: (404, "浏览图不存在"),
    # sync. 426 without the Upgrade header: that one is hop-by-hop, and a WSGI application may not send it.
    sync.ClientTooOld: (426, "应用版本过旧"),
    # inspections
    inspections.InspectionUnknown: (404, "检查不存在"),
    inspections.PackUnknown: (404, "资料包不存在"),
    inspections.PackRefused: (422, "资料包不正确"),
    inspections.InspectionStarted: (409, "检查已经开始"),
    inspections.QuarantineUnknown: (404, "没有这条记录"),
    inspections.NotReleasable: (409, "不能放行"),
    inspections.OwnQuarantine: (403, "须由他人决定"),
}

# What a person reads when the framework itself refuses.
PLAIN: dict[int, tuple[str, str, str]] = {
    400: ("E_BAD_REQUEST", "请求不正确", "请求格式不正确"),
    404: ("E_NOT_FOUND", "未找到", "您访问的内容不存在"),
    405: ("E_METHOD", "方法不允许", "此地址不支持该操作"),
    406: ("E_NOT_ACCEPTABLE", "无法提供", "无法提供所要求的格式"),
    408: ("E_TIMEOUT", "超时", "等待数据超时，请重试"),
    412: ("E_PRECONDITION", "前提不符", "内容已被更改，请刷新后重试"),
    413: ("E_TOO_LARGE", "内容过大", "提交的内容超过大小限制"),
    415: ("E_MEDIA_TYPE", "类型不支持", "不支持的内容类型"),
    416: ("E_RANGE", "范围不正确", "所请求的范围不正确"),
    422: ("E_INVALID", "内容不符合要求", "提交的内容不符合要求，请检查标出的字段"),
    428: ("E_PRECONDITION_REQUIRED", "缺少前提", "请先刷新再提交"),
    429: ("E_TOO_MANY", "请求过于频繁", "操作过于频繁，请稍后再试"),
    503: ("E_UNAVAILABLE", "暂不可用", "服务暂不可用，请稍后再试"),
}


def problem(status: int, code: str, title: str, detail: str, **more: Any) -> Response:
    """A problem+json answer. Empty members of ``more`` are left out."""
    body = {
        "type": f"https://suijian.invalid/problems/{code.lower().replace('_', '-')}",
        "title": title,
        "status": status,
        "code": code,
        "detail": detail,
        **{key: value for key, value in more.items() if value},
    }
    answer = Response(json.dumps(body, ensure_ascii=False), status, content_type="application/problem+json")
    if status == 401:
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


def status_of(refusal: DomainError) -> tuple[int, str]:
    """Status and title of a refusal: of its own class, else of the nearest mapped parent."""
    for kind in type(refusal).__mro__:
        if kind in PROBLEMS:
            return PROBLEMS[kind]
    log.error("problem.unmapped", kind=type(refusal).__name__)
    return 409, "无法完成"


def of_domain(refusal: DomainError) -> Response:
    """A refusal of the business as its problem."""
    status, title = status_of(refusal)
    return problem(
        status, refusal.code, title, refusal.detail or title, article=refusal.article, facts=refusal.facts
    )


def of_http(refusal: HTTPException) -> Response:
    """A refusal of the framework (404, 405, 413, validation 422 …) as a problem."""
    if refusal.response is not None and refusal.code is None:
        return refusal.response
    status = refusal.code or 500
    if status < 400:
        return refusal.get_response()
    fallback = (f"E_HTTP_{status}", HTTPStatus(status).phrase, "请求无法完成")
    code, title, detail = PLAIN.get(status, fallback)
    data = getattr(refusal, "data", None) or {}
    answer = problem(status, code, title, detail, errors=data.get("messages"))
    for name, value in refusal.get_headers():
        if name not in ("Content-Type", "Content-Length"):
            answer.headers[name] = value
    if status == 429:
        answer.headers.setdefault("Retry-After", str(limits.seconds_to_wait()))
    return answer


def of_anything(failure: Exception) -> Response:
    """An unforeseen failure: an incident id for the caller, the trace for the log."""
    incident = secrets.token_hex(8)
    rule = request.url_rule.rule if request.url_rule else ""
    log.error("request.failed", incident=incident, route=rule, exc_info=failure)
    return problem(500, "E_INTERNAL", "服务器内部错误", f"服务器内部错误，事件编号 {incident}", incident=incident)


def of_depth(failure: RecursionError) -> Response:
    """JSON nested a hundred thousand deep ends its reader this way, before any schema has seen it."""
    log.warning("request.too_deep", path=request.path, exc_info=failure)
    return problem(400, "E_BAD_REQUEST", "请求不正确", "请求内容嵌套过深")


def of_race(failure: IntegrityError) -> Response:
    """Two people wrote the same thing at the same moment; the unique key has decided, and nothing of this one stands."""
    log.error("request.raced", path=request.path, exc_info=failure)
    return problem(409, "E_RACED", "同时被他人办理", "有人刚刚办理了同一事项，本次没有保存；请刷新后重试")


def configure(app: Flask) -> None:
    """Install the handlers, most special first."""
    app.register_error_handler(RecursionError, of_depth)
    app.register_error_handler(IntegrityError, of_race)
    app.register_error_handler(DomainError, of_domain)
    app.register_error_handler(HTTPException, of_http)
    app.register_error_handler(Exception, of_anything)
