"""Foreign keys over several columns, which Django's own fields cannot say: a constraint of a model's Meta."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import apps
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import BaseConstraint, Model


class CompositeForeignKey(BaseConstraint):
    """`fields` of a row together are `to_fields` of one row of `to` ("app.Model"), which needs a unique constraint over
    them. When the referred columns change, the referring ones follow.

    Checked at the end of each statement, not at the commit: who lost a race learns of it while it can be mended. A
    row with a null among `fields` refers to nothing.
    """

    def __init__(self, *, name: str, fields: Sequence[str], to: str, to_fields: Sequence[str]) -> None:
        super().__init__(name=name)
        self.fields, self.to, self.to_fields = tuple(fields), to, tuple(to_fields)

    def constraint_sql(
        self, model: type[Model] | None, schema_editor: BaseDatabaseSchemaEditor | None
    ) -> str:
        assert model is not None and schema_editor is not None
        quote = schema_editor.quote_name
        referred = _model(model, self.to)
        own = ", ".join(quote(column) for column in _columns(model, self.fields))
        others = ", ".join(quote(column) for column in _columns(referred, self.to_fields))
        return (
            f"CONSTRAINT {quote(self.name)} FOREIGN KEY ({own}) "
            f"REFERENCES {quote(referred._meta.db_table)} ({others}) "
            "ON UPDATE CASCADE DEFERRABLE INITIALLY IMMEDIATE"
        )

    def create_sql(self, model: type[Model] | None, schema_editor: BaseDatabaseSchemaEditor | None) -> Any:
        assert model is not None and schema_editor is not None
        table = schema_editor.quote_name(model._meta.db_table)
        return f"ALTER TABLE {table} ADD {self.constraint_sql(model, schema_editor)}"

    def remove_sql(self, model: type[Model] | None, schema_editor: BaseDatabaseSchemaEditor | None) -> Any:
        assert model is not None and schema_editor is not None
        quote = schema_editor.quote_name
        return f"ALTER TABLE {quote(model._meta.db_table)} DROP CONSTRAINT {quote(self.name)}"

    def validate(self, *args: Any, **kwargs: Any) -> None:
        """Only the database can tell: what a form knows may have changed by the time it is written."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CompositeForeignKey) and self.deconstruct() == other.deconstruct()

    def __hash__(self) -> int:
        return hash((self.name, self.fields, self.to, self.to_fields))

    def deconstruct(self) -> Any:
        path, args, kwargs = super().deconstruct()
        return path, args, {**kwargs, "fields": self.fields, "to": self.to, "to_fields": self.to_fields}


def _columns(model: type[Model], names: Sequence[str]) -> list[str]:
    fields: list[Any] = [model._meta.get_field(name) for name in names]
    return [field.column for field in fields]


def _model(referring: type[Model], name: str) -> type[Model]:
    """The model called `name`: of the migration's state while migrating, else the real one."""
    registry = getattr(referring._meta, "apps", apps)
    found: type[Model] = registry.get_model(name)
    return found
