"""Addresses of the insurance: one for hospitals, the others for officers."""

from django.urls import path

from rongjun.insurance.http import conflicts, desk, recovering, settlements

app_name = "insurance"
urlpatterns = [
    path("", desk.claims, name="claims"),
    path("settlements", settlements.take_settlement, name="settlements"),
    path("bills/<uuid:settlement>/", desk.claim, name="claim"),
    path("bills/<uuid:settlement>/review/", desk.review_step, name="review-step"),
    path("bills/<uuid:settlement>/conflict/", conflicts.conflict_step, name="conflict-step"),
    path("bills/<uuid:settlement>/paper/", desk.paper, name="paper"),
    path("payments/", desk.draft, name="draft-payments"),
    path("recoveries/", recovering.recoveries, name="recoveries"),
    path("recoveries/<uuid:receivable>/", recovering.recovery, name="recovery"),
    path("recoveries/<uuid:receivable>/step/", recovering.recovery_step, name="recovery-step"),
]
