"""Addresses of uses: some for machines, the others for people."""

from django.urls import path

from rongjun.benefits.http import desk, eligibility, manual, uses

app_name = "uses"
urlpatterns = [
    path("", desk.deliveries, name="deliveries"),
    path("batches", uses.take_batch, name="batches"),
    path("eligibility", eligibility.answer_eligibility, name="eligibility"),
    path("refused/", desk.refused, name="refused"),
    path("refused/<int:refusal>/close/", desk.close, name="refusal-close"),
    path("refused/<int:refusal>/propose/", desk.propose, name="conflict-propose"),
    path("refused/<int:refusal>/decide/", desk.decide, name="conflict-decide"),
    path("manual/", manual.manual, name="manual"),
    path("manual/record/", manual.record, name="manual-record"),
    path("manual/<int:entry>/", manual.entry, name="manual-entry"),
    path("manual/<int:entry>/correct/", manual.correct, name="manual-correct"),
    path("signals/", desk.signals, name="signals"),
    path("signals/<int:signal>/", desk.signal, name="signal"),
    path("signals/<int:signal>/step/", desk.signal_step, name="signal-step"),
]
