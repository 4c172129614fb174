"""The ground of the REST API's views: input by named fields only, pages by opaque cursors.

A view names what it needs (`permission`, `write_permission`), parses, calls one verb or one query, answers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, ClassVar
from uuid import UUID

from django.core import signing
from rest_framework import exceptions, serializers
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from tenants.directory import TenantRef
from tenants.scope import scoped_tenant
from tenants.workspace.access import Permission
from tenants.workspace.callers import Caller, caller_of
from tenants.workspace.problems import Problem, document

PAGE, MOST = 50, 200


class PageQuery(serializers.Serializer):
    """Which page of a list."""

    limit = serializers.IntegerField(min_value=1, max_value=MOST, default=PAGE)
    cursor = serializers.CharField(required=False, max_length=1000, help_text="`next` of the page before.")


class NoQuery(serializers.Serializer):
    """An address that takes no parameters."""


class NothingMore(serializers.Serializer):
    """A body without fields."""


class BrandView(APIView):
    """A view of the brand's API."""

    permission: ClassVar[Permission | None] = None
    write_permission: ClassVar[Permission | None] = None

    @property
    def caller(self) -> Caller:
        caller = caller_of(self.request)
        if caller is None:
            raise exceptions.NotAuthenticated
        return caller

    @property
    def tenant(self) -> TenantRef:
        """The brand whose API is called."""
        tenant: TenantRef = self.request.tenant  # type: ignore[attr-defined]
        return tenant

    def query(self, form: type[Serializer[Any]]) -> dict[str, Any]:
        """The query string, read by `form`. A parameter that it does not know is refused, and one given twice."""
        given = self.request.query_params
        refuse_unknown(given, form)
        for name, values in given.lists():
            if len(values) > 1:
                raise exceptions.ValidationError({name: exceptions.ErrorDetail("Given twice.", "repeated")})
            if "\x00" in values[0]:
                raise exceptions.ValidationError({name: exceptions.ErrorDetail("Not valid text.", "invalid")})
        return _valid(form, given.dict())

    def body(self, form: type[Serializer[Any]]) -> dict[str, Any]:
        """The JSON body, read by `form`. A field that it does not know is refused."""
        given: Any = self.request.data
        return read_body(form, given)

    def page(self, rows: Sequence[Mapping[str, Any]], next_position: Sequence[Any] | None) -> Response:
        """One page and the opaque cursor of the next one."""
        cursor = None if next_position is None else write_cursor(self._place(), next_position)
        return Response({"results": rows, "next": cursor})

    def position(self, cursor: str | None) -> list[Any] | None:
        """What a page's cursor says. Raises Problem (400) for one of another list, another brand, or nobody."""
        return None if cursor is None else read_cursor(self._place(), cursor)

    def _place(self) -> str:
        filters = sorted((k, v) for k, v in self.request.query_params.items() if k not in {"cursor", "limit"})
        return f"{scoped_tenant().id}:{self.request.path}:{filters}"


class NothingHere(BrandView):
    """Addresses of the API that do not exist, for everybody alike."""

    authentication_classes = ()
    permission_classes = ()
    throttle_classes = ()
    http_method_names = []
    schema = None

    def http_method_not_allowed(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        return document(404, "not_found", "There is nothing here.")


def read_body(form: type[Serializer[Any]], given: Mapping[str, Any]) -> dict[str, Any]:
    """What the JSON object of a call says, read by `form`. Raises ValidationError, also for an unknown field."""
    refuse_unknown(given, form)
    return _valid(form, given)


def write_cursor(place: str, position: Sequence[Any]) -> str:
    """A position as text that is good for one list of one brand, with these very filters."""
    return signing.dumps([_plain(part) for part in position], salt=f"cursor:{place}", compress=True)


def read_cursor(place: str, cursor: str) -> list[Any]:
    """The position in a cursor that `write_cursor` made for the same place. Raises Problem (400)."""
    try:
        position: list[Any] = signing.loads(cursor, salt=f"cursor:{place}")
    except (signing.BadSignature, ValueError):
        raise Problem(400, "bad_cursor", "This cursor does not belong to this list.") from None
    return position


def _plain(part: Any) -> Any:
    return str(part) if isinstance(part, UUID) else part.isoformat() if hasattr(part, "isoformat") else part


def refuse_unknown(given: Mapping[str, Any], form: type[Serializer[Any]]) -> None:
    """Raises ValidationError for every field that the form does not have."""
    unknown = [name for name in given if name not in form._declared_fields]
    if unknown:
        raise exceptions.ValidationError(
            {name: exceptions.ErrorDetail("There is no such field.", "unknown_field") for name in unknown}
        )


def _valid(form: type[Serializer[Any]], given: Mapping[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = dict(_reader(form).run_validation(given))
    return values


@cache
def _reader(form: type[Serializer[Any]]) -> Serializer[Any]:
    """One for all calls: it keeps nothing of what it reads, and copying its fields took longer than reading."""
    return form()


def limit_of(values: Mapping[str, Any]) -> int:
    """How many rows a page of the list may have."""
    return int(values.get("limit") or PAGE)
