"""Addresses of notices: for gateways only."""

from django.urls import path

from rongjun.notices import http

app_name = "notices"
urlpatterns = [
    path("receipts/sms/", http.sms_receipts, name="sms-receipts"),
    path("receipts/wechat/", http.wechat_receipts, name="wechat-receipts"),
]
