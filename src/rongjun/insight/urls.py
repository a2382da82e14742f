"""Addresses of the screen of the city and of the rows its figures open into."""

from django.urls import path

from rongjun.insight import http

app_name = "insight"
urlpatterns = [
    path("", http.screen, name="screen"),
    path("screen.xlsx", http.workbook, name="workbook"),
    path("screen.pdf", http.printed, name="printed"),
    path("figures/<slug:panel>/", http.panel, name="panel"),
    path("benefits/<str:benefit>/", http.benefit, name="benefit"),
    path("benefits/<str:benefit>/<str:answer>/", http.entitled, name="entitled"),
    path("people/<slug:group>/<str:value>/", http.people, name="people"),
    path("waiting/<slug:listed>/", http.waiting, name="waiting"),
    path("balance/", http.balance, name="balance"),
    path("savings/", http.savings, name="savings"),
    path("savings/rows/", http.savings_rows, name="savings-rows"),
    path("savings/days/", http.savings_days, name="savings-days"),
    path("savings.xlsx", http.savings_workbook, name="savings-workbook"),
    path("savings.pdf", http.savings_printed, name="savings-printed"),
]
