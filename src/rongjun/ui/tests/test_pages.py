"""Whole pages, and what holds for every template."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from django import forms

from rongjun.ui.sheet import sheet
from rongjun.ui.tests.conftest import TEMPLATES, Draw

EVERY = sorted(path for path in TEMPLATES.rglob("*") if path.is_file())
HTML = [path for path in EVERY if path.suffix == ".html"]
HAN = re.compile(r"[\u3400-\u9fff]")
TRANSLATED = re.compile(
    r"{%\s*blocktranslate.*?{%\s*endblocktranslate\s*%}|{%\s*translate .*?%}|_\(\"[^\"]*\"\)"
    r"|{%\s*comment.*?{%\s*endcomment\s*%}|{#.*?#}",
    re.DOTALL,
)
FORBIDDEN = {
    "a style attribute": re.compile(r"\sstyle\s*=", re.IGNORECASE),
    "a style element": re.compile(r"<style", re.IGNORECASE),
    "an event handler": re.compile(r"\son[a-z]+\s*=|hx-on", re.IGNORECASE),
    "a script in the page": re.compile(r"<script(?![^>]*\ssrc=)", re.IGNORECASE),
    "a javascript: address": re.compile(r"javascript:", re.IGNORECASE),
    "something from elsewhere": re.compile(r"(?:src|href|action)=\"(?:https?:)?//", re.IGNORECASE),
    "a hole in the escaping": re.compile(r"\|\s*safe\b|autoescape\s+off|safeseq"),
}


def _name(path: Any) -> str:
    return str(path.relative_to(TEMPLATES))


@pytest.mark.parametrize("path", EVERY, ids=_name)
def test_no_template_needs_a_looser_content_policy(path: Any) -> None:
    text = path.read_text("utf-8")
    assert [what for what, pattern in FORBIDDEN.items() if pattern.search(text)] == []


@pytest.mark.parametrize("path", EVERY, ids=_name)
def test_every_word_people_read_can_be_translated(path: Any) -> None:
    rest = TRANSLATED.sub("", path.read_text("utf-8"))
    # The prefix of invented people's names, which the round picture leaves out, is not a word for anyone.
    assert HAN.findall(rest.replace('cut:"测试"', "")) == []


@pytest.mark.parametrize("path", HTML, ids=_name)
def test_a_form_that_changes_something_carries_its_token(path: Any) -> None:
    for form in re.findall(
        r"<form[^>]*method=\"post\".*?</form>|<form[^>]*method=\"post\".*", path.read_text("utf-8"), re.DOTALL
    ):
        assert "{% csrf_token %}" in form


class _Login(forms.Form):
    login = forms.CharField()
    password = forms.CharField(widget=forms.PasswordInput)


class _Code(forms.Form):
    code = forms.CharField()
    secret = "ABCDEFGH"


class _Key(forms.Form):
    name = forms.CharField()
    passwordless = forms.BooleanField(required=False)
    credential = forms.CharField(widget=forms.HiddenInput)


class _Passwords(forms.Form):
    oldpassword = forms.CharField()
    password1 = forms.CharField()
    password2 = forms.CharField()


_MOMENT = datetime(2023, 11, 20, 1, tzinfo=UTC)
_AUTHENTICATOR = {
    "pk": 3,
    "wrap": {"name": "窗口电脑", "is_passwordless": True},
    "created_at": _MOMENT,
    "last_used_at": None,
}
_OPTIONS = {"request_options": {"publicKey": {"challenge": "</script>"}}}
PAGES: dict[str, tuple[dict[str, Any], str]] = {
    "account/login.html": ({"form": _Login(), "PASSKEY_LOGIN_ENABLED": True}, "用通行密钥登录"),
    "account/logout.html": ({}, "要退出吗"),
    "account/account_inactive.html": ({}, "这个账号已停用"),
    "account/password_change.html": ({"form": _Passwords()}, "新密码再写一遍"),
    "account/reauthenticate.html": (
        {"form": _Login(), "reauthentication_alternatives": [{"id": "mfa_reauthenticate", "url": "/x/"}]},
        "用动态码确认",
    ),
    "mfa/authenticate.html": ({"form": _Code(), "webauthn_form": _Key(), "js_data": _OPTIONS}, "恢复码"),
    "mfa/reauthenticate.html": ({"form": _Code()}, "动态码"),
    "mfa/index.html": (
        {"MFA_SUPPORTED_TYPES": ["totp", "webauthn"], "authenticators": {"webauthn": [1]}},
        "开通动态码",
    ),
    "mfa/totp/activate_form.html": (
        {"form": _Code(), "totp_svg_data_uri": "data:image/svg+xml,x"},
        "ABCDEFGH",
    ),
    "mfa/totp/deactivate_form.html": ({"form": forms.Form()}, "停用动态码"),
    "mfa/recovery_codes/index.html": (
        {"unused_codes": ["11112222"], "total_count": 10, "can_view_codes": True, "can_download_codes": True},
        "11112222",
    ),
    "mfa/recovery_codes/generate.html": ({"form": forms.Form(), "unused_code_count": 3}, "旧的全部作废"),
    "mfa/webauthn/add_form.html": ({"form": _Key(), "js_data": _OPTIONS}, "加一把通行密钥"),
    "mfa/webauthn/edit_form.html": ({"form": _Key()}, "给密钥改名"),
    "mfa/webauthn/authenticator_list.html": ({"authenticators": [_AUTHENTICATOR]}, "没用过"),
    "mfa/webauthn/authenticator_confirm_delete.html": ({"authenticator": _AUTHENTICATOR}, "拿掉这把密钥"),
    "mfa/webauthn/reauthenticate.html": ({"form": _Key(), "js_data": _OPTIONS}, "用通行密钥确认"),
    "400.html": ({}, "没看懂这次请求"),
    "403.html": ({}, "您的岗位或管辖范围不包括它"),
    "404.html": ({"why": "这份档案已经并到另一份。"}, "这份档案已经并到另一份。"),
    "429.html": ({}, "试得太快了"),
    "500.html": ({"error_id": "E-7"}, "E-7"),
}


@pytest.mark.parametrize("name", sorted(PAGES))
def test_a_page_draws_in_our_shell_and_in_chinese(draw_page: Draw, name: str) -> None:
    context, words = PAGES[name]
    shown = draw_page(name, **context)
    assert words in shown
    assert '<html lang="zh-Hans" data-face="desk">' in shown
    assert 'id="main"' in shown
    assert shown.count("<h1") == 1


def test_options_for_a_key_are_data_that_cannot_end_its_block(draw_page: Draw) -> None:
    context, _ = PAGES["mfa/authenticate.html"]
    shown = draw_page("mfa/authenticate.html", **context)
    block = re.search(r'<script id="passkey-options" type="application/json">(.*?)</script>', shown)
    assert block
    assert "\\u003C/script" in block.group(1)


def test_the_page_of_last_resort_needs_nothing_at_all(draw_page: Draw) -> None:
    assert "系统出错了" in draw_page("500.html")


ACTOR = SimpleNamespace(
    name="测试王芳", role_label="站点窗口", division_label="即墨区 · 潮海街道", is_staff=True
)
NAV = [("/", "sun", "今天", True), None, ("/policy/", "book", "政策", False, "11")]


def _desk(draw_page: Draw, **context: Any) -> str:
    given = {"demo": True, "actor": ACTOR, "nav": NAV, "search_url": "/find/", "idle_seconds": 900, **context}
    return draw_page("ui/components.html", **sheet(), **given)


def test_the_shell_says_who_where_and_that_it_is_a_demo(draw_page: Draw) -> None:
    shown = _desk(draw_page)
    for words in ("演示数据", "测试王芳 · 站点窗口", "即墨区 · 潮海街道", 'action="/find/"', "快捷键"):
        assert words in shown
    assert '<a href="/" aria-current="page">' in shown
    assert "政策<b>11</b>" in shown


def test_real_data_is_not_called_a_demo(draw_page: Draw) -> None:
    assert "演示数据" not in _desk(draw_page, demo=False)


def test_a_session_that_ends_is_announced_with_its_own_limit(draw_page: Draw) -> None:
    shown = _desk(draw_page, keep_url="/still-here/")
    assert 'data-idle-seconds="900"' in shown
    assert '<form method="post" action="/still-here/" data-stay>' in shown
    assert 'id="idle"' not in _desk(draw_page, keep_url="/still-here/", idle_seconds=0)


def test_each_id_on_the_sheet_is_there_once(draw_page: Draw) -> None:
    shown = re.sub(r"<template>.*?</template>", "", _desk(draw_page), flags=re.DOTALL)
    ids = re.findall(r'\sid="([^"]+)"', shown)
    assert sorted(ids) == sorted(set(ids))
