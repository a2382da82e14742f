"""The two password policies of `logic`, with the numbers of this installation; Django's hook for them."""

from __future__ import annotations

from functools import cache

from django.conf import settings
from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from rongjun.access import logic, queries
from rongjun.access.models import Account

# Words of this service itself, which a guesser tries first (ASVS 6.2.11); the city's own name is one of them.
CONTEXT_WORDS = frozenset({"rongjun", "veteran", "laobing", "tuiyijunren", "youdaizheng"})


def staff_policy() -> logic.StaffPolicy:
    """The policy of this installation: `settings.STAFF_PASSWORD` names the numbers that differ."""
    return logic.StaffPolicy(**getattr(settings, "STAFF_PASSWORD", {}))


def faults_of(password: str, *, account: Account | None) -> list[str]:
    """Why the password cannot be this account's, as sentences: 等保 for staff, ASVS for citizens."""
    if account is not None and account.kind == logic.STAFF:
        policy = staff_policy()
        return logic.staff_password_faults(
            password,
            policy=policy,
            login=account.username,
            was_used=lambda text: queries.was_used_before(account.pk, text, last=policy.history),
        )
    return logic.citizen_password_faults(
        password,
        policy=logic.CitizenPolicy(),
        common=_common(),
        context=CONTEXT_WORDS | {settings.CITY, account.username if account else settings.CITY},
    )


class PolicyValidator:
    """What Django asks whenever a password is chosen."""

    def validate(self, password: str, user: Account | None = None) -> None:
        """Raise ValidationError with a sentence for each fault."""
        faults = faults_of(password, account=user)
        if faults:
            raise ValidationError(faults)

    def get_help_text(self) -> str:
        """Shown beside the field."""
        policy = staff_policy()
        return _("工作人员：至少 %(shortest)s 位，大写、小写、数字、符号至少 %(classes)s 种。") % {
            "shortest": policy.shortest,
            "classes": policy.classes,
        }


@cache
def _common() -> frozenset[str]:
    """The twenty thousand passwords everybody tries; read once."""
    return frozenset(CommonPasswordValidator().passwords)
