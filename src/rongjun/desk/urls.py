"""Addresses of the workbench."""

from django.urls import path

from rongjun.desk import http

app_name = "desk"
urlpatterns = [
    path("", http.today, name="today"),
    path("people/<uuid:person>/", http.person, name="person"),
    path("people/<uuid:person>/number/<int:document>/", http.full_number, name="full-number"),
    path("people/<uuid:person>/facts/", http.answer, name="answer"),
    path("policy/", http.policy, name="policy"),
    path("policy/<str:code>/", http.benefit, name="policy-benefit"),
    path("policy/<str:code>/<str:verdict>/", http.reached, name="policy-people"),
    path("evidence/", http.evidence, name="evidence"),
]
