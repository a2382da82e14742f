"""Addresses of the registry's own pages."""

from django.urls import path

from rongjun.registry import http
from rongjun.registry.http import feeds, merges

app_name = "registry"
urlpatterns = [
    path("people/", http.people, name="people"),
    path("people/suggest/", http.suggest, name="suggest"),
    path("look-up/", http.look_up, name="look-up"),
    path("imports/", http.imports, name="imports"),
    path("imports/template.xlsx", http.roster_template, name="imports-template"),
    path("imports/<uuid:roster>/", http.report, name="report"),
    path("feeds/", feeds.feeds, name="feeds"),
    path("feeds/<uuid:candidate>/", feeds.feed_candidate, name="feed-candidate"),
    path("feeds/<uuid:candidate>/decide/", feeds.decide_feed, name="decide-feed"),
    path("feeds/sentences/<int:sentence_id>/", feeds.report_to_province, name="report-sentence"),
    path("imports/<uuid:roster>/refused.xlsx", http.refused_rows, name="refused-rows"),
    path("cutover/", http.cutover, name="cutover"),
    path("cutover/compare/", http.cutover_compare, name="cutover-compare"),
    path("cutover/<uuid:handed_in>/", http.cutover_report, name="cutover-report"),
    path("cutover/<uuid:handed_in>/refused.xlsx", http.cutover_refused, name="cutover-refused"),
    path("duplicates/", merges.duplicates, name="duplicates"),
    path("duplicates/add/", merges.put_forward, name="put-forward"),
    path("duplicates/<int:number>/", merges.duplicate, name="duplicate"),
    path("merges/<uuid:merge>/", merges.merge, name="merge"),
    path("merges/<uuid:merge>/decide/", merges.merge_decide, name="merge-decide"),
]
