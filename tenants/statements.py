"""Statements of the hot road: written down once, planned once per connection, and sent together where their answers can
wait."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import chain
from typing import Any, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, connection
from django.db.backends.utils import CursorWrapper
from django.db.models import BooleanField, Expression, F, Field, Func, Model, QuerySet
from psycopg import sql

from tenants.arrays import columns

R = TypeVar("R")

Answer = Callable[[], list[tuple[Any, ...]]]
"""Gives the rows of a statement that went with another one."""


def prepared() -> CursorWrapper:
    """A cursor of the default database, to be used with `with`; its statements are prepared by the server."""
    cursor: CursorWrapper = connection.prepared_cursor()  # type: ignore[attr-defined]
    return cursor


def execute_with_next(text: str, params: Any) -> Answer:
    """A statement of a transaction whose answer nobody needs yet, sent in one piece with the next prepared one or with
    the commit, and by itself before an ordinary one; what it raises comes there, too, and at the latest where its unit
    of work ends. Returns what gives its rows, and sends it where nothing else has come.

    A cursor that is open already overtakes it, unless it is a prepared one.
    """
    cursor = connection.let_wait(text, params)  # type: ignore[attr-defined]

    def answer() -> list[tuple[Any, ...]]:
        send_what_waits()
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows

    return answer


def write_with_next(text: str, rows: Sequence[Sequence[Any]]) -> None:
    """The same for rows, given to the statement as one array per column; no statement where there are none."""
    if rows:
        execute_with_next(text, columns(rows))


def send_what_waits() -> None:
    """Have the statements executed that wait for the next one: before what would take their errors for its own."""
    connection.send_what_waits()  # type: ignore[attr-defined]


def insert(row: Model, fields: Sequence[Field[Any, Any]]) -> None:
    """Write a new row; no value may be an expression."""
    values = [field.get_db_prep_save(field.pre_save(row, add=True), connection) for field in fields]
    with prepared() as cursor:
        cursor.execute(_insertion(row._meta.db_table, tuple(field.column for field in fields)), values)


def update(model: type[Model], key: Any, values: Sequence[tuple[Field[Any, Any], Any]]) -> bool:
    """Write fields of the row with this primary key; no value may be an expression. Returns whether there is one."""
    given = [field.get_db_prep_save(value, connection) for field, value in values]
    columns = tuple(field.column for field, _value in values)
    with prepared() as cursor:
        cursor.execute(_change(model._meta.db_table, model._meta.pk.column, columns), [*given, key])
        return bool(cursor.rowcount == 1)


@cache
def _insertion(table: str, columns: tuple[str, ...]) -> str:
    names, places = ", ".join(f'"{column}"' for column in columns), ", ".join(["%s"] * len(columns))
    return f'INSERT INTO "{table}" ({names}) VALUES ({places})'  # noqa: S608 -- our own tables


@cache
def _change(table: str, key: str, columns: tuple[str, ...]) -> str:
    changes = ", ".join(f'"{column}" = %s' for column in columns)
    return f'UPDATE "{table}" SET {changes} WHERE "{key}" = %s'  # noqa: S608 -- our own tables


class Given(Expression):
    """Where a value stands that each execution of a Question brings along.

    cast: the type of the value in PostgreSQL, where the server cannot see it from what it is compared with.
    """

    def __init__(self, name: str, cast: str = "") -> None:
        super().__init__()
        self.name = name
        self.cast = f"::{cast}" if cast else ""

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        return f"(%s{self.cast})", [_Slot(self.name)]


class OneOf(Func):
    """`filter(OneOf("id", "ids", "uuid"))`: the field has one of the values that an execution brings as a list."""

    template = "%(expressions)s"
    arg_joiner = " = ANY"
    output_field = BooleanField()

    def __init__(self, field: str, name: str, cast: str) -> None:
        super().__init__(F(field), Given(name, f"{cast}[]"))


class Question(Generic[R]):
    """A queryset that is asked again and again with other values.

        TOKEN = Question(lambda: ApiToken.objects.select_related("agent").filter(digest=Given("digest")))
        row = TOKEN.first(digest=digest)

    The ORM spends several times as long on writing such a statement as the server on answering it. Here it is written
    at the first use; all that is not Given stands in it as a constant, so that partial indexes are found.
    limited: each execution also says `limit=`, how many rows it wants at most.
    """

    def __init__(self, build: Callable[[], QuerySet[Any, R]], *, limited: bool = False) -> None:
        self._build = build
        self._limited = limited
        self._written: _Written | None = None

    def all(self, **given: Any) -> list[R]:
        """The answer's rows. given: one value for each Given."""
        written = self._written
        if written is None:
            written = self._written = _Written(self._build(), limited=self._limited)
        return written.ask(given)

    def first(self, **given: Any) -> R | None:
        """The first of the rows; a queryset of which only that is wanted ends with [:1]."""
        rows = self.all(**given)
        return rows[0] if rows else None


class _Slot:
    def __init__(self, name: str) -> None:
        self.name = name


class _Written:
    """A compiled queryset. Stands in for it where Django makes objects of rows, and for its query there."""

    db = DEFAULT_DB_ALIAS
    _known_related_objects: dict[Any, Any] = {}

    def __init__(self, queryset: QuerySet[Any, Any], *, limited: bool) -> None:
        self.model = queryset.model
        self.selected = queryset.query.selected
        self._fields = queryset._fields  # type: ignore[attr-defined]
        self._make: Any = queryset._iterable_class
        compiler = queryset.query.get_compiler(self.db)
        text, parameters = compiler.as_sql()
        self._names = [value.name for value in parameters if isinstance(value, _Slot)]
        self._text = text.replace("%%", "%%%%") % tuple(_constant(value) for value in parameters)
        if limited:
            self._text += " LIMIT %s"
            self._names.append("limit")
        self._compiler = compiler
        self._converters = compiler.get_converters([column[0] for column in compiler.select])

    def ask(self, given: dict[str, Any]) -> list[Any]:
        with prepared() as cursor:
            cursor.execute(self._text, [given[name] for name in self._names])
            rows = cursor.fetchall()
        answered = copy.copy(self)
        answered.query = _Answered(self, rows)  # type: ignore[attr-defined]
        return list(self._make(answered))


class _Answered:
    """The query of an answered question, as Django's iterables use one: its rows are there already."""

    def __init__(self, written: _Written, rows: list[tuple[Any, ...]]) -> None:
        compiler = written._compiler
        self.selected = written.selected
        self.select, self.klass_info = compiler.select, compiler.klass_info
        self.annotation_col_map = compiler.annotation_col_map
        self._compiler, self._converters, self._rows = compiler, written._converters, rows

    def get_compiler(self, using: str) -> _Answered:
        return self

    def execute_sql(self, **options: Any) -> list[list[tuple[Any, ...]]]:
        return [self._rows]

    def results_iter(
        self, results: Any = None, *, tuple_expected: bool = False, **options: Any
    ) -> Iterator[Any]:
        rows: Any = self._rows if results is None else chain.from_iterable(results)
        if self._converters:
            rows = self._compiler.apply_converters(rows, self._converters)
        return map(tuple, rows) if tuple_expected else iter(rows)


def _constant(value: Any) -> str:
    if isinstance(value, _Slot):
        return "%s"
    return sql.Literal(value).as_string().replace("%", "%%")
