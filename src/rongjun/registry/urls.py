"""Addresses of the registry's own pages."""

from django.urls import path

from rongjun.registry import http, merge_pages

app_name = "registry"
urlpatterns = [
    path("people/", http.people, name="people"),
    path("imports/", http.imports, name="imports"),
    path("imports/template.xlsx", http.roster_template, name="imports-template"),
    path("imports/<uuid:roster>/", http.report, name="report"),
    path("duplicates/", merge_pages.duplicates, name="duplicates"),
    path("duplicates/<int:candidate>/", merge_pages.duplicate, name="duplicate"),
    path("merges/<uuid:merge>/", merge_pages.merge, name="merge"),
    path("merges/<uuid:merge>/decide/", merge_pages.merge_decide, name="merge-decide"),
]
