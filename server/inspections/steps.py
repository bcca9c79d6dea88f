"""The steps of a visit (product: the visit on the phone), driven by profile keys only."""

from typing import Any, Final

Step = dict[str, Any]

TOLD_ZH: Final = {
    "basis": "检查依据",
    "content": "检查内容",
    "period": "检查期限",
    "requirements": "检查要求",
    "inspectors": "检查人员名单",
    "rights": "权利和义务",
    "integrity": "廉洁纪律",
}


def told_keys(profile: dict[str, Any]) -> list[str]:
    """The told list in order; the integrity statement is ticked under the key ``integrity``."""
    keys = [key for key in profile.get("onsite.told") or [] if key != "integrity"]
    return [*keys, "integrity"] if profile.get("onsite.integrity_statement") is True else keys


def recorder_demand(profile: dict[str, Any]) -> str:
    """``required``, ``recommended`` or ``none``."""
    value = profile.get("onsite.recorder")
    return value if value in ("required", "recommended") else "none"


def min_photos(profile: dict[str, Any]) -> int:
    """The least number of photos of a visit; 0 when the profile says nothing."""
    value = profile.get("onsite.min_photos")
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def steps(profile: dict[str, Any], pack: dict[str, Any], outcome: str = "completed") -> list[Step]:
    """The step list ``[{id, title, demand, …}]`` of a visit in this profile, mode and outcome.

    ``demand`` is required | recommended | optional. Credentials, the record and two attestations
    are national floors: a profile that is silent about them still gets them.
    """
    on_site = pack.get("mode", "on_site") == "on_site"
    short = outcome != "completed"
    found: list[Step] = []

    def add(name: str, title: str, demand: str = "required", **facts: Any) -> None:
        found.append({"id": name, "title": title, "demand": demand, **facts})

    if profile.get("team.recusal") is not False:
        add("recusal", "回避声明", "recommended" if short else "required")
    if on_site:
        geotag = "off" if profile.get("secrecy.geotag") in ("off", False) else "on"
        add("arrive", "到场", geotag=geotag, door_photo=short)
        if profile.get("onsite.scan_in") is True and not short:
            add("scan_in", "扫码入企")
        recorder = recorder_demand(profile)
        if recorder != "none":
            add("recorder", "执法记录仪", "recommended" if short else recorder)
        if profile.get("onsite.credentials") is not False:
            add("credentials", "出示证件", "optional" if outcome == "not_possible" else "required")
    if short:
        add("outcome", "未能检查的原因")
    else:
        if pack.get("mode") != "network_monitoring" and profile.get("onsite.notice") is True:
            add("notice", "送达检查通知书")
        if on_site and told_keys(profile):
            add("told", "告知事项", keys=told_keys(profile))
        add("unit", "核对单位信息", "recommended")
        for checklist in pack.get("checklists", []):
            add("checklist", checklist["title"], checklist=checklist["id"])
        demand = "required" if min_photos(profile) else "optional"
        add("evidence", "取证", demand, min_photos=min_photos(profile))
    add("record", "阅读笔录")
    add("attest", "双人核验", count=max(2, _team_min(profile)))
    if on_site and not short:
        add("party", "被检查单位签名")
    add("leave", "离场封存")
    lead = profile.get("team.lead")
    add("opinion", "评价与处理意见", lead=lead if lead in ("required", "optional") else "none")
    return found


def _team_min(profile: dict[str, Any]) -> int:
    value = profile.get("team.min")
    return value if isinstance(value, int) and not isinstance(value, bool) else 2
