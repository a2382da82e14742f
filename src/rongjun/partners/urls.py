"""Addresses of partners: one for machines, the others for people."""

from django.urls import path

from rongjun.partners import http

app_name = "partners"
urlpatterns = [
    path("", http.inbox, name="inbox"),
    path("inbound/", http.inbound, name="inbound"),
    path("batches/<uuid:batch>/", http.batch, name="batch"),
    path("reconciliation/", http.reconciliation, name="reconciliation"),
    path("outbox/", http.outbox, name="outbox"),
    path("outbox/<uuid:batch>/", http.outbound, name="outbound"),
    path("outbox/<uuid:batch>/resend/", http.resend, name="outbound-resend"),
    path("batches/<uuid:batch>/close/", http.close, name="batch-close"),
]
