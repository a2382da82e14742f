"""Addresses of the citizen pages."""

from django.urls import path

from rongjun.citizen.http import (
    benefits,
    channels,
    family,
    file,
    home,
    messages,
    offers,
    savings,
    settings,
    sign_in,
)
from rongjun.citizen.http import benefits, channels, family, file, home, messages, offers, settings, sign_in
from rongjun.citizen.http import benefits, family, file, home, messages, offers, savings, settings, sign_in
from rongjun.citizen.http import benefits, cards, family, file, home, messages, offers, settings, sign_in

app_name = "citizen"
urlpatterns = [
    path("", home.home, name="home"),
    path("in/", sign_in.sso, name="sso"),
    path("in/back/", sign_in.sso_callback, name="sso-callback"),
    path("benefits/", benefits.listing, name="benefits"),
    path("benefits/<str:code>/", benefits.benefit, name="benefit"),
    path("messages/", messages.listing, name="messages"),
    path("messages/how/", channels.channels, name="channels"),
    path("messages/wechat/", channels.bind, name="wechat"),
    path("messages/wechat/back/", channels.bind_back, name="wechat-back"),
    path("messages/wechat/end/", channels.unbind, name="wechat-end"),
    path("messages/<uuid:message>/", messages.message, name="message"),
    path("savings/", savings.savings, name="savings"),
    path("cards/", cards.listing, name="cards"),
    path("cards/<int:reference>/loss/", cards.report_loss, name="card-loss"),
    path("offers/", offers.listing, name="offers"),
    path("offers/<uuid:offer>/", offers.offer, name="offer"),
    path("enrolments/<uuid:enrolment>/", offers.enrolment, name="enrolment"),
    path("questions/", benefits.questions, name="questions"),
    path("answer/", benefits.answer, name="answer"),
    path("contest/", benefits.contest, name="contest"),
    path("file/", file.file, name="file"),
    path("file/copy/", file.copy, name="copy"),
    path("file/ask/<str:kind>/", file.ask, name="ask"),
    path("reads/", file.reads, name="reads"),
    path("family/", family.family, name="family"),
    path("family/ask/", family.ask, name="family-ask"),
    path("family/act/<uuid:mandate>/", family.act, name="act"),
    path("family/end/<uuid:mandate>/", family.end, name="family-end"),
    path("family/back/", family.act_for_self, name="act-for-self"),
    path("settings/", settings.settings_page, name="settings"),
    path("settings/look/", settings.choose, name="look"),
    path("notices/<slug:code>/", settings.notice, name="notice"),
    path("manifest.webmanifest", settings.manifest, name="manifest"),
    path("worker.js", settings.worker, name="worker"),
    path("offline/", settings.offline, name="offline"),
]
