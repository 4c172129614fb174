"""The base of every row that lives in a brand's schema."""

from __future__ import annotations

from typing import Any, Self

from django.db import models

from tenants import statements
from tenants.ids import new_id
from tenants.scope import scoped_tenant


class WrongTenant(RuntimeError):
    """A row loaded from one tenant was about to be written into another."""


class TenantModel(models.Model):
    """A row that remembers the schema it came from and refuses to be written anywhere else."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)

    _schema_name: str | None = None

    class Meta:
        abstract = True

    @classmethod
    def from_db(cls, *args: Any, **kwargs: Any) -> Self:
        row = super().from_db(*args, **kwargs)
        row._schema_name = scoped_tenant().schema_name
        return row

    def save(self, *args: Any, **kwargs: Any) -> None:
        self._stay_home()
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        self._stay_home()
        return super().delete(*args, **kwargs)

    def refresh_from_db(self, *args: Any, **kwargs: Any) -> None:
        self._stay_home()
        super().refresh_from_db(*args, **kwargs)

    # Django's hooks for the one statement of a save: the same statement, but prepared.
    def _do_insert(self, manager: Any, using: Any, fields: Any, returning_fields: Any, raw: bool) -> Any:
        if returning_fields or any(_is_expression(getattr(self, field.attname)) for field in fields):
            return super()._do_insert(manager, using, fields, returning_fields, raw)  # type: ignore[misc]
        statements.insert(self, fields)
        return []

    def _do_update(self, base_qs: Any, using: Any, pk_val: Any, values: Any, *more: Any) -> Any:
        if not values or any(_is_expression(value) for _field, _model, value in values):
            return super()._do_update(base_qs, using, pk_val, values, *more)
        return statements.update(type(self), pk_val, [(field, value) for field, _model, value in values])

    def _stay_home(self) -> None:
        here = scoped_tenant().schema_name
        if self._schema_name is None:
            self._schema_name = here
        elif self._schema_name != here:
            raise WrongTenant(f"{type(self).__name__} {self.pk} belongs to another tenant")


def _is_expression(value: object) -> bool:
    return hasattr(value, "resolve_expression")
