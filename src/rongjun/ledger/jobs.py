"""What the ledger does by itself."""

from rongjun.ledger.payments.jobs import deliver_payments, send_payments, take_payment_answers

__all__ = ["deliver_payments", "send_payments", "take_payment_answers"]
