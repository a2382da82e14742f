"""Addresses of uses: one for machines."""

from django.urls import path

from rongjun.benefits.http import uses

app_name = "uses"
urlpatterns = [
    path("batches", uses.take_batch, name="batches"),
]
