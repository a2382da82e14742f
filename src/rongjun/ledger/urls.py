"""Addresses of the ledger."""

from django.urls import path

from rongjun.ledger import http
from rongjun.ledger.payments import http as payments

app_name = "ledger"
urlpatterns = [
    path("", http.accounts, name="accounts"),
    path("accounts/<int:ledger_account>/", http.account, name="account"),
    path("transfers/<uuid:transfer>/", http.transfer, name="transfer"),
    path("payments/", payments.payments, name="payments"),
    path("payments/failures/", payments.failures, name="payment-failures"),
    path("payments/failures/<int:line>/", payments.mend, name="payment-mend"),
    path("payments/<uuid:batch>/", payments.batch, name="payment-batch"),
    path("payments/<uuid:batch>/check/", payments.check, name="payment-check"),
    path("payments/<uuid:batch>/release/", payments.release, name="payment-release"),
    path("payments/<uuid:batch>/withdraw/", payments.withdraw, name="payment-withdraw"),
    path("payments/<uuid:batch>/file/", payments.bank_file, name="payment-file"),
    path("payments/<uuid:batch>/workbook/", payments.workbook, name="payment-workbook"),
]
