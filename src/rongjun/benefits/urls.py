"""Addresses of uses, for machines."""

from django.urls import path

from rongjun.benefits.http import eligibility, uses

app_name = "uses"
urlpatterns = [
    path("batches", uses.take_batch, name="batches"),
    path("eligibility", eligibility.answer_eligibility, name="eligibility"),
]
