"""Django's hook for the two password policies of `logic`."""

from __future__ import annotations

from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from rongjun.access import logic, queries
from rongjun.access.models import Account

# Words of this service itself, which a guesser tries first (ASVS 6.2.11).
CONTEXT_WORDS = frozenset({"rongjun", "veteran", "laobing", "tuiyijunren", "youdaizheng", "qingdao"})


class PolicyValidator:
    """等保 for staff, ASVS for citizens; ValidationError carries every fault at once."""

    def validate(self, password: str, user: Account | None = None) -> None:
        """Raise ValidationError with a sentence for each fault."""
        if user is not None and user.kind == "staff":
            policy = logic.StaffPolicy()
            faults = logic.staff_password_faults(
                password, policy=policy,
                was_used=lambda text: queries.was_used_before(user.pk, text, last=policy.history),
            )
        else:
            faults = logic.citizen_password_faults(
                password, policy=logic.CitizenPolicy(), common=CommonPasswordValidator().passwords,
                context=CONTEXT_WORDS,
            )
        if faults:
            raise ValidationError(faults)

    def get_help_text(self) -> str:
        """Shown beside the field."""
        return _("工作人员：至少 12 位，大写、小写、数字、符号至少三种。")
