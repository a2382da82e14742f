"""Addresses of partners: one for machines, two for people."""

from django.urls import path

from rongjun.partners import http

app_name = "partners"
urlpatterns = [
    path("", http.inbox, name="inbox"),
    path("inbound/", http.inbound, name="inbound"),
    path("batches/<uuid:batch>/", http.batch, name="batch"),
    path("batches/<uuid:batch>/close/", http.close, name="batch-close"),
]
