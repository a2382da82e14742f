"""Addresses of the workbench."""

from django.urls import path

from rongjun.desk.http import changes, contests, covered, exports, home, papers, people, policy, privacy

app_name = "desk"
urlpatterns = [
    path("", home.today, name="today"),
    path("people/<uuid:person>/", people.person, name="person"),
    path("people/<uuid:person>/covered/<str:covered>/<int:assertion>/", covered.uncover, name="uncover"),
    path("people/<uuid:person>/facts/", people.answer, name="answer"),
    path("people/<uuid:person>/contest/<slug:fact>/", contests.contest, name="contest"),
    path("people/<uuid:person>/decisions/", people.record, name="record"),
    path("people/<uuid:person>/papers/", papers.person_paper, name="person-paper"),
    path("papers/", papers.papers, name="papers"),
    path("papers/add/", papers.papers_add, name="papers-add"),
    path("papers/<uuid:upload>/", papers.paper, name="paper"),
    path("papers/<uuid:upload>/content/", papers.paper_open, name="paper-open"),
    path("papers/<uuid:upload>/link/", papers.paper_link, name="paper-link"),
    path("papers/<uuid:upload>/discard/", papers.paper_discard, name="paper-discard"),
    path("people/<uuid:person>/changes/", changes.changes, name="changes"),
    path("people/<uuid:person>/changes/<str:kind>/", changes.change, name="change"),
    path("proposals/", changes.proposals, name="proposals"),
    path("proposals/<uuid:proposal>/", changes.decide, name="decide"),
    path("people/<uuid:person>/reads/", privacy.who_read, name="who-read"),
    path("people/<uuid:person>/rights/", privacy.rights, name="rights"),
    path("people/<uuid:person>/rights/notices/", privacy.show_notice, name="rights-notice"),
    path("people/<uuid:person>/rights/consents/", privacy.consent, name="rights-consent"),
    path("people/<uuid:person>/rights/requests/", privacy.receive, name="rights-receive"),
    path("people/<uuid:person>/rights/lift/", privacy.lift, name="rights-lift"),
    path("people/<uuid:person>/rights/legal-hold/", privacy.legal_hold, name="rights-legal-hold"),
    path("people/<uuid:person>/rights/<uuid:request_id>/", privacy.decide, name="rights-decide"),
    path("people/<uuid:person>/rights/<uuid:request_id>/copy/", privacy.copy, name="rights-copy"),
    path("rights/", privacy.open_rights, name="rights-open"),
    path("notices/<slug:code>/", privacy.notice, name="notice"),
    path("assessments/", privacy.assessments, name="assessments"),
    path("exports/", exports.exports, name="exports"),
    path("exports/<uuid:export>/decision/", exports.decide, name="export-decide"),
    path("exports/<uuid:export>/file/", exports.take, name="export-take"),
    path("policy/", policy.policy, name="policy"),
    path("policy/references/", policy.references, name="policy-references"),
    path("policy/reach/", policy.reach, name="policy-reach"),
    path("policy/<str:code>/", policy.benefit, name="policy-benefit"),
    path("policy/<str:code>/<str:verdict>/", policy.reached, name="policy-people"),
    path("evidence/", home.evidence, name="evidence"),
]
