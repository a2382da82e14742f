"""Addresses of the insurance: one for hospitals, the others for officers."""

from django.urls import path

from rongjun.insurance.http import settlements

app_name = "insurance"
urlpatterns = [
    path("settlements", settlements.take_settlement, name="settlements"),
]
