"""Addresses of allowances."""

from django.urls import path

from rongjun.allowances.http import awards, rates, recoveries, runs, yearly

app_name = "allowances"
urlpatterns = [
    path("awards/", awards.awards, name="awards"),
    path("awards/<uuid:award>/", awards.award, name="award"),
    path("awards/<uuid:award>/letter/", awards.letter, name="letter"),
    path("awards/<uuid:award>/<slug:step>/", awards.step, name="award-step"),
    path("people/<uuid:person>/", awards.person, name="person"),
    path("people/<uuid:person>/<slug:step>/", awards.person_step, name="person-step"),
    path("runs/", runs.runs, name="runs"),
    path("runs/ask/", runs.ask, name="run-ask"),
    path("runs/<uuid:run>/", runs.run, name="run"),
    path("runs/<uuid:run>/<slug:step>/", runs.step, name="run-step"),
    path("rates/", rates.rates, name="rates"),
    path("rates/<slug:order>/", rates.rate_order, name="rate-order"),
    path("rates/<slug:order>/<slug:step>/", rates.rate_step, name="rate-step"),
    path("yearly/", yearly.campaigns, name="campaigns"),
    path("yearly/open/", yearly.open_campaign, name="campaign-open"),
    path("yearly/<uuid:campaign>/", yearly.campaign, name="campaign"),
    path("yearly/<uuid:campaign>/people/<uuid:person>/", yearly.campaign_person, name="campaign-person"),
    path("yearly/<uuid:campaign>/<slug:step>/", yearly.campaign_step, name="campaign-step"),
    path("recoveries/", recoveries.recoveries, name="recoveries"),
    path("recoveries/<uuid:receivable>/", recoveries.recovery, name="recovery"),
    path("recoveries/<uuid:receivable>/<slug:step>/", recoveries.step, name="recovery-step"),
]
