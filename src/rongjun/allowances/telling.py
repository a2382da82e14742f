"""What a person is told when money has arrived: one message a payment, with the sum and why."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from rongjun.allowances.logic.months import month_text
from rongjun.allowances.logic.paying import HEIR
from rongjun.allowances.models import PayLine, PayOrder
from rongjun.kernel.money import Fen
from rongjun.kernel.words import translatable
from rongjun.notices import api as notices

REGULAR, WITH_BACK_PAY = translatable("当月发放"), translatable("含补发")


def tell_of_arrival(orders: Sequence[PayOrder], *, now: datetime) -> None:
    """Tell whose money has arrived; what went to heirs is told to nobody here, for the person is dead."""
    told = [order for order in orders if order.payee_kind != HEIR]
    made_up = set(
        PayLine.objects.filter(
            run_id__in={order.run_id for order in told},
            person_id__in={order.person_id for order in told},
            kind="back-pay",
        ).values_list("run_id", "person_id")
    )
    notices.tell_all(
        "allowance-paid",
        [
            notices.Telling(
                order.person_id,
                order.division,
                f"payorder:{order.id}",
                {
                    "month": month_text(order.month),
                    "sum": Fen(order.fen).text,
                    "why": WITH_BACK_PAY if (order.run_id, order.person_id) in made_up else REGULAR,
                },
            )
            for order in told
        ],
        now=now,
    )
    PayOrder.objects.filter(pk__in=[order.id for order in told]).update(told_at=now)
