"""Administrative divisions, dated."""

from django.db import models


class Division(models.Model):
    """One 12-digit division (GB/T 2260 with township and village). A code may change its name: rows are dated."""

    id = models.BigAutoField(primary_key=True)
    code = models.BigIntegerField()
    name = models.CharField(max_length=64)
    level = models.CharField(max_length=16)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True)
    source = models.CharField(max_length=200)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["code", "valid_from"], name="division_once")]

    def __str__(self) -> str:
        return self.name
