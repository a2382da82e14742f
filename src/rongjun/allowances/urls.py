"""Addresses of allowances."""

from django.urls import path

from rongjun.allowances.http import (
    awards,
    calculator,
    rates,
    recoveries,
    runs,
    simulations,
    takeovers,
    yearly,
)

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
    path("calculator/", calculator.calculator, name="calculator"),
    path("rates/", rates.rates, name="rates"),
    path("rates/<slug:order>/", rates.rate_order, name="rate-order"),
    path("rates/<slug:order>/<slug:step>/", rates.rate_step, name="rate-step"),
    path("simulations/", simulations.simulations, name="simulations"),
    path("simulations/ask/", simulations.ask, name="simulation-ask"),
    path("simulations/<uuid:simulation>/", simulations.simulation, name="simulation"),
    path("takeovers/", takeovers.takeovers, name="takeovers"),
    path("takeovers/propose/", takeovers.propose, name="takeover-propose"),
    path("takeovers/<uuid:takeover>/", takeovers.takeover, name="takeover"),
    path("takeovers/<uuid:takeover>/parallel/", takeovers.parallel, name="takeover-parallel"),
    path("takeovers/<uuid:takeover>/parallel/workbook/", takeovers.workbook, name="takeover-workbook"),
    path("takeovers/<uuid:takeover>/<slug:step>/", takeovers.step, name="takeover-step"),
    path("yearly/", yearly.campaigns, name="campaigns"),
    path("yearly/open/", yearly.open_campaign, name="campaign-open"),
    path("yearly/<uuid:campaign>/", yearly.campaign, name="campaign"),
    path("yearly/<uuid:campaign>/people/<uuid:person>/", yearly.campaign_person, name="campaign-person"),
    path("yearly/<uuid:campaign>/<slug:step>/", yearly.campaign_step, name="campaign-step"),
    path("recoveries/", recoveries.recoveries, name="recoveries"),
    path("recoveries/<uuid:receivable>/", recoveries.recovery, name="recovery"),
    path("recoveries/<uuid:receivable>/<slug:step>/", recoveries.step, name="recovery-step"),
]
