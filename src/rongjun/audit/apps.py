"""Django's entry for the evidence chain."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """Lowest Django floor: knows no person and no account; an actor is plain text."""

    name = "rongjun.audit"
    label = "audit"
    verbose_name = "审计"
