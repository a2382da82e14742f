"""Addresses of divisions and stations."""

from django.urls import path

from rongjun.places import http

app_name = "places"
urlpatterns = [
    path("", http.divisions, name="divisions"),
    path("<int:division>/", http.division, name="division"),
]
