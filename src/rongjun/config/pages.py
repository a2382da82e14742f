"""What every page is given, and the pages that belong to no app."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from rongjun.access.api import CITIZEN, ActingRequest, Actor, actor_of, anyone
from rongjun.citizen.api import citizen_shell
from rongjun.kernel.words import Words

# (group, address name, icon, words, permission): an app that adds a screen adds a line to its group.
NAVIGATION: Words[tuple[tuple[str, str, str, str, str], ...]] = (
    ("", "desk:today", "sun", "今天", "desk.open"),
    ("", "insight:screen", "home", "全市一屏", "insight.read"),
    ("", "insight:savings", "coin-yuan", "节省了多少", "insight.read"),
    ("", "registry:people", "user", "人员", "registry.read-person"),
    ("待办", "desk:proposals", "check", "待审", "registry.check"),
    ("待办", "desk:unanswered", "help-circle", "差的情况", "registry.state-fact"),
    ("待办", "desk:cards", "credit-card", "卡证", "cards.handle"),
    ("待办", "desk:not-entitled", "clock", "不再符合", "benefits.end-enrolment"),
    ("待办", "registry:feeds", "flag", "比对结果", "registry.decide-feed"),
    ("待办", "registry:duplicates", "users", "疑似重复", "registry.propose-merge"),
    ("待办", "desk:papers", "file-text", "待归档材料", "files.read"),
    ("待办", "desk:rights-open", "shield-check", "行权申请", "registry.handle-rights"),
    ("待办", "uses:signals", "flag", "异常线索", "uses.signals"),
    ("待办", "desk:mandates", "users", "代办授权", "registry.handle-rights"),
    ("待办", "desk:messages-by-hand", "mail", "当面告知", "notices.tell"),
    ("资金", "allowances:awards", "file-text", "抚恤补助", "allowances.read"),
    ("资金", "allowances:runs", "coin-yuan", "发放批次", "allowances.read"),
    ("资金", "allowances:campaigns", "users", "年度确认", "allowances.confirm"),
    ("资金", "allowances:recoveries", "arrow-left", "追回", "allowances.read"),
    ("资金", "allowances:rates", "book", "发放标准", "allowances.read-rates"),
    ("资金", "allowances:simulations", "file-spreadsheet", "测算", "allowances.simulate"),
    ("资金", "allowances:takeovers", "clock", "老系统已发", "allowances.take-over"),
    ("资金", "insurance:claims", "file-text", "荣军保", "insurance.read"),
    ("资金", "insurance:recoveries", "arrow-left", "荣军保追回", "insurance.read"),
    ("资金", "desk:operator-statements", "file-text", "运营结算", "settlement.read"),
    ("资金", "ledger:payments", "coin-yuan", "付款", "ledger.read-payments"),
    ("资金", "ledger:payment-failures", "alert-triangle", "付款失败", "ledger.read-payments"),
    ("资金", "ledger:accounts", "book", "账本", "ledger.read"),
    ("数据", "registry:imports", "upload", "花名册导入", "registry.import-roster"),
    ("数据", "partners:inbox", "inbox", "部门来件", "partners.read"),
    ("数据", "partners:outbox", "upload", "发件", "partners.read"),
    ("数据", "partners:reconciliation", "check", "对账", "partners.read"),
    ("数据", "uses:deliveries", "map", "使用记录", "uses.read"),
    ("数据", "uses:manual", "user", "外地证件登记", "uses.record-manual"),
    ("数据", "desk:exports", "download", "导出", "registry.export"),
    ("管理", "desk:policy", "book", "政策", "policy.read"),
    ("管理", "desk:supervision", "eye", "督导", "supervision.read"),
    ("管理", "places:divisions", "map", "区划与站点", "places.read"),
    ("管理", "desk:assessments", "shield-check", "影响评估", "desk.read-assessments"),
    ("管理", "desk:evidence", "shield-check", "审计", "audit.read"),
)

# Pages below those of the navigation: what they were opened from stays marked.
OPENED_FROM = {
    "desk:operator-statement": "desk:operator-statements",
    "desk:person": "registry:people",
    "desk:uncover": "registry:people",
    "desk:person-benefit": "registry:people",
    "desk:answer": "registry:people",
    "desk:contest": "registry:people",
    "desk:record": "registry:people",
    "desk:changes": "registry:people",
    "desk:change": "registry:people",
    "desk:decide": "desk:proposals",
    "desk:who-read": "registry:people",
    "desk:rights": "registry:people",
    "desk:rights-notice": "registry:people",
    "desk:rights-consent": "registry:people",
    "desk:rights-receive": "registry:people",
    "desk:rights-lift": "registry:people",
    "desk:rights-legal-hold": "registry:people",
    "desk:rights-decide": "registry:people",
    "desk:notice": "desk:rights-open",
    "desk:mandate-decide": "desk:mandates",
    "desk:export-decide": "desk:exports",
    "desk:person-messages": "registry:people",
    "desk:messages-not-told": "desk:messages-by-hand",
    "desk:export-take": "desk:exports",
    "registry:suggest": "registry:people",
    "insight:panel": "insight:screen",
    "insight:people": "insight:screen",
    "insight:entitled": "insight:screen",
    "insight:waiting": "insight:screen",
    "insight:balance": "insight:screen",
    "insight:savings-rows": "insight:savings",
    "insight:savings-days": "insight:savings",
    "registry:report": "registry:imports",
    "places:division": "places:divisions",
    "desk:paper": "desk:papers",
    "registry:feed-candidate": "registry:feeds",
    "registry:decide-feed": "registry:feeds",
    "partners:batch": "partners:inbox",
    "uses:refused": "uses:deliveries",
    "uses:manual-record": "uses:manual",
    "uses:manual-entry": "uses:manual",
    "uses:manual-correct": "uses:manual",
    "uses:refusal-close": "uses:deliveries",
    "uses:conflict-propose": "uses:deliveries",
    "uses:conflict-decide": "uses:deliveries",
    "uses:signal": "uses:signals",
    "uses:signal-step": "uses:signals",
    "partners:batch-close": "partners:inbox",
    "ledger:payment-batch": "ledger:payments",
    "ledger:payment-check": "ledger:payments",
    "ledger:payment-release": "ledger:payments",
    "ledger:payment-withdraw": "ledger:payments",
    "ledger:payment-file": "ledger:payments",
    "ledger:payment-workbook": "ledger:payments",
    "ledger:payment-mend": "ledger:payment-failures",
    "insurance:claim": "insurance:claims",
    "insurance:paper": "insurance:claims",
    "insurance:review-step": "insurance:claims",
    "insurance:conflict-step": "insurance:claims",
    "insurance:draft-payments": "insurance:claims",
    "insurance:recovery": "insurance:recoveries",
    "insurance:recovery-step": "insurance:recoveries",
    "partners:outbound": "partners:outbox",
    "partners:outbound-resend": "partners:outbox",
    "ledger:account": "ledger:accounts",
    "ledger:transfer": "ledger:accounts",
    "registry:look-up": "registry:people",
    "registry:refused-rows": "registry:imports",
    "registry:cutover": "registry:imports",
    "registry:cutover-compare": "registry:imports",
    "registry:cutover-refused": "registry:imports",
    "registry:cutover-report": "registry:imports",
    "registry:duplicate": "registry:duplicates",
    "registry:put-forward": "registry:duplicates",
    "registry:merge": "registry:duplicates",
    "registry:merge-decide": "registry:duplicates",
    "desk:event": "desk:evidence",
    "desk:chain": "desk:evidence",
    "desk:policy-benefit": "desk:policy",
    "desk:policy-people": "desk:policy",
    "desk:policy-references": "desk:policy",
    "desk:policy-reach": "desk:policy",
    "desk:policy-take-up": "desk:policy",
    "desk:policy-year": "desk:policy",
    "desk:policy-draft": "desk:policy",
    "desk:policy-adopt": "desk:policy",
    "desk:policy-confirm": "desk:policy",
    "desk:policy-take-up-benefit": "desk:policy",
    "desk:policy-take-up-people": "desk:policy",
    "desk:answer-offer": "registry:people",
    "desk:card": "registry:people",
    "desk:card-apply": "registry:people",
    "desk:card-step": "registry:people",
    "desk:card-end": "desk:cards",
    "desk:leave-benefit": "registry:people",
    "desk:decide-enrolment": "desk:not-entitled",
    "desk:supervision-items": "desk:supervision",
    "desk:supervision-item": "desk:supervision",
    "desk:supervision-unit": "desk:supervision",
    "desk:supervision-open": "desk:supervision",
    "desk:supervision-task": "desk:supervision",
    "desk:supervision-report": "desk:supervision",
    "desk:supervision-step": "desk:supervision",
}


# Pages for citizens that belong to no signed-in citizen.
CITIZENS_OWN = frozenset({"front", "allowances:calculator"})


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context of the page shell: who is here, where they can go."""
    here = request.resolver_match.view_name if request.resolver_match else ""
    user = getattr(request, "user", None)
    if getattr(user, "kind", "") == CITIZEN or here in CITIZENS_OWN or here.startswith("citizen:"):
        return citizen_shell(request, here=here)
    actor = actor_of(request) if hasattr(request, "session") else None
    may_search = actor is not None and actor.may("registry.read-person")
    return {
        "demo": settings.DEMO,
        "actor": actor,
        "nav": _navigation(actor, OPENED_FROM.get(here, here)) if actor else [],
        "idle_seconds": settings.SESSION_LIMITS["staff"][0] if actor else 0,
        "search_url": reverse("registry:people") if may_search else "",
        "suggest_url": reverse("registry:suggest") if may_search else "",
        "keep_url": reverse("extend_session") if actor else "",
    }


def _navigation(actor: Actor, here: str) -> list[tuple[str, ...] | tuple[str, str, str, bool]]:
    """The entries this actor may open; before the first of a group stands its heading, alone."""
    listed: list[tuple[str, ...] | tuple[str, str, str, bool]] = []
    last = ""
    for group, name, icon, words, permission in NAVIGATION:
        if not actor.may(permission):
            continue
        if group != last:
            listed.append((_(group),))
            last = group
        listed.append((reverse(name), icon, _(words), here == name))
    return listed


@anyone("the front door only points the way")
def front(request: ActingRequest) -> HttpResponse:
    """Two doors, for citizens and for staff; whoever is signed in goes on to their own first page."""
    kind = getattr(request.user, "kind", "")
    if kind:
        return redirect("citizen:home" if kind == CITIZEN else "desk:today")
    context = {"has_sso": bool(settings.SSO["issuer"]), "next": request.GET.get("next", "")}
    return render(request, "house/front.html", context)


@anyone("a page that failed its check tells why")
def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form's token did not fit: nothing was changed."""
    return render(request, "house/csrf_failed.html", {"reason": reason}, status=403)


@anyone("an operator's probe; says nothing about anybody")
def health(request: HttpRequest) -> HttpResponse:
    """Answers when the application and its database do."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("select 1")
    return HttpResponse("ok", content_type="text/plain")
