"""Accounts, their grants, and the passwords that may not come back."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models

from rongjun.access.logic import CITIZEN, LOGIN_NAME, STAFF, login_name


class _Days(models.Func):
    """The days a grant holds, half open."""

    function = "daterange"
    output_field = DateRangeField()


class AccountManager(BaseUserManager["Account"]):
    """Finds an account by its login name, whatever the case it was typed in."""

    def get_by_natural_key(self, username: str | None) -> Account:
        """The account with this login name; Account.DoesNotExist otherwise."""
        return self.get(username=login_name(username or ""))


class Account(AbstractBaseUser):
    """One person's way in (ID-01: never shared, never a default). People in files are `registry` persons."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    username = models.CharField("登录名", max_length=64, unique=True)
    name = models.CharField("姓名", max_length=64)
    kind = models.CharField(max_length=16)
    is_active = models.BooleanField(default=True)
    # Opened, opened again, or signed in to: what stays unused for long is closed (AC-06).
    used_at = models.DateTimeField()
    password_changed_at = models.DateTimeField()
    # Somebody else has set it and knows it: its owner changes it before anything else.
    password_is_temporary = models.BooleanField(default=False)
    # Each sign-in draws a new one and the session must carry it: the newest sign-in ends the older (SE-04),
    # and an administrator ends any session by emptying it (SE-03).
    current_sign_in = models.CharField(max_length=64, default="")
    # 大字版 and high contrast, as a citizen has chosen them.
    large_type = models.BooleanField(default=False)
    high_contrast = models.BooleanField(default=False)

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name", "kind"]
    objects = AccountManager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(kind__in=[STAFF, CITIZEN]), name="account_kind_known"),
            models.CheckConstraint(
                condition=models.Q(username__regex=LOGIN_NAME), name="account_login_name_has_one_spelling"
            ),
        ]

    def __str__(self) -> str:
        return self.username

    @property
    def text(self) -> str:
        """How the evidence chain names this account."""
        return f"{self.kind}:{self.username}"


class Grant(models.Model):
    """An account may act in a role over a division, from a day until (not including) another."""

    id = models.BigAutoField(primary_key=True)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="grants")
    role = models.CharField(max_length=32)
    family = models.CharField(max_length=16)
    division = models.BigIntegerField()
    division_label = models.CharField(max_length=64)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True)
    granted_by = models.CharField(max_length=80)
    # CR-08: HMAC-SM3 over the row; a row edited past the application opens nothing.
    seal = models.BinaryField()

    class Meta:
        constraints = [
            # AC-04: system, security and audit administration exclude each other and all other work.
            ExclusionConstraint(
                name="grant_families_exclude_each_other",
                expressions=[
                    ("account", RangeOperators.EQUAL),
                    ("family", RangeOperators.NOT_EQUAL),
                    (_Days("valid_from", "valid_to"), RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(
                condition=models.Q(valid_to=None) | models.Q(valid_to__gte=models.F("valid_from")),
                name="grant_days_in_order",
            ),
            models.UniqueConstraint(fields=["account", "role", "division", "valid_from"], name="grant_once"),
        ]

    def __str__(self) -> str:
        return f"{self.role}@{self.division}"


class PasswordUsed(models.Model):
    """Hashes of a staff account's last passwords, so that they are not used again (ID-02)."""

    id = models.BigAutoField(primary_key=True)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="passwords_used")
    password = models.CharField(max_length=256)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.account_id} {self.at:%Y-%m-%d}"
