"""Importing contacts: a table is uploaded, its columns are named, what would happen is shown, then it is done; the way
back is open for thirty days."""

from __future__ import annotations

import io
import tempfile
from contextlib import closing
from typing import IO, Any
from uuid import UUID

from django.http import HttpResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.api.ground import ContactView
from contacts.lists.importing import failures, tables, uploads, working
from contacts.lists.importing.planning import Outcome, Planned
from contacts.lists.importing.tables import BadTable
from contacts.models import ImportRun
from tenants.workspace.access import Permission
from tenants.workspace.idempotency import once
from tenants.workspace.problems import Problem
from tenants.workspace.rest import NoQuery, NothingMore, PageQuery, limit_of

_MULTIPART = "multipart/form-data"
_MAPPING = (
    "What each column means, by its number from 0: name, email, phone, identity, labels … or custom.<key>."
)
_KEYS = "What tells a known contact: email, phone, identity or custom.<key>."


class ImportRunRow(serializers.ModelSerializer):
    headers = serializers.ListField(child=serializers.CharField(), help_text="The first row of the table.")
    mapping = serializers.DictField(child=serializers.CharField(), help_text=_MAPPING)
    match_by = serializers.ListField(child=serializers.CharField(), help_text=_KEYS)

    class Meta:
        model = ImportRun
        fields = [
            *("id", "file_name", "format", "encoding", "headers", "mapping", "match_by", "only_verified", "policy"),
            *("state", "reason", "rows_total", "position", "created", "updated", "unchanged", "skipped", "failed"),
            *("undone", "kept", "created_at", "finished_at"),
        ]  # fmt: skip


class ImportPage(serializers.Serializer):
    results = ImportRunRow(many=True)
    next = serializers.CharField(allow_null=True, help_text="Cursor of the next page; null at the end.")


class TableQuery(serializers.Serializer):
    name = serializers.CharField(required=False, default="", max_length=1000, help_text="The file's name.")


class Arrangement(serializers.Serializer):
    """What is left out stays as it is: guessed from the heading, or said before."""

    mapping = serializers.DictField(child=serializers.CharField(), required=False, help_text=_MAPPING)
    match_by = serializers.ListField(
        child=serializers.CharField(), required=False, max_length=20, help_text=_KEYS
    )
    policy = serializers.ChoiceField(
        choices=ImportRun.Policy.choices, required=False, help_text="What becomes of known contacts."
    )
    only_verified = serializers.BooleanField(required=False, help_text="A merely typed address tells nobody.")
    encoding = serializers.ChoiceField(
        choices=[*tables.NAMES], required=False, help_text="Of CSV, where another one was recognised."
    )


class PlannedRow(serializers.Serializer):
    row = serializers.IntegerField(help_text="In the table; the heading is 1.")
    outcome = serializers.CharField(help_text="created, updated, unchanged, skipped or failed.")
    contact_id = serializers.UUIDField(allow_null=True, help_text="Of a known contact.")
    reason = serializers.CharField(help_text="Why it would fail.")
    column = serializers.CharField(help_text="Where it would fail, as in `mapping`.")
    changes = serializers.DictField(help_text="Field -> [before, after].")
    addresses = serializers.ListField(child=serializers.CharField(), help_text="That would be added.")
    labels = serializers.ListField(child=serializers.CharField(), help_text="That would be put on.")


class PlannedRows(serializers.Serializer):
    results = PlannedRow(many=True)


class ImportView(ContactView):
    """Ground of the imports: for whoever manages contacts."""

    permission = Permission.MANAGE_CONTACTS
    write_permission = Permission.MANAGE_CONTACTS


class Imports(ImportView):
    """The imports of the last weeks, newest first."""

    @extend_schema(operation_id="imports_list", parameters=[PageQuery], responses=ImportPage)
    def get(self, request: Request) -> Response:
        wish = self.query(PageQuery)
        limit, after = limit_of(wish), self.after(wish.get("cursor"))
        rows = ImportRun.objects.order_by("-created_at", "-id")
        if after is not None:
            rows = rows.filter(after.beyond("created_at"))
        return self.page_of(ImportRunRow, list(rows[: limit + 1]), limit=limit, by="created_at")

    @extend_schema(
        operation_id="imports_upload",
        parameters=[OpenApiParameter("name", str, description="The file's name, where the body is raw.")],
        request={
            "application/octet-stream": OpenApiTypes.BINARY,
            _MULTIPART: {"type": "object", "properties": {"file": {"type": "string", "format": "binary"}}},
        },
        responses={201: ImportRunRow},
        description=(
            "A CSV or XLSX table with headings, as the body or as the part `file` of a form; at most 20 MB and 200,000 "
            "rows. Its columns are guessed. Nothing is imported before `start`."
        ),
    )
    def post(self, request: Request) -> Response:
        name = self.query(TableQuery)["name"]
        try:
            run = self._take(request._request, name)
        except (MultiPartParserError, UnreadablePostError):
            raise Problem(400, "bad_form", "The form cannot be read.") from None
        return Response(ImportRunRow(run).data, status=201)

    def _take(self, request: Any, name: str) -> ImportRun:
        by = self.caller.actor
        if request.content_type != _MULTIPART:
            with closing(tempfile.SpooledTemporaryFile(max_size=1_000_000)) as content:
                _copy(request, content)
                return uploads.upload(content, name, by=by)
        part = request.FILES.get("file")
        if part is None:
            raise BadTable("empty")
        return uploads.upload(part, name or part.name or "", by=by)


class OneImport(ImportView):
    """One import: what its columns mean, and how far it is."""

    @extend_schema(operation_id="imports_read", responses=ImportRunRow)
    def get(self, request: Request, run_id: UUID) -> Response:
        self.query(NoQuery)
        return Response(ImportRunRow(uploads.access(run_id)).data)

    @extend_schema(operation_id="imports_arrange", request=Arrangement, responses=ImportRunRow)
    def patch(self, request: Request, run_id: UUID) -> Response:
        run, given = uploads.access(run_id), self.body(Arrangement)
        run = uploads.arrange(
            run,
            mapping=given.get("mapping", run.mapping),
            match_by=given.get("match_by", run.match_by),
            policy=given.get("policy", run.policy),
            only_verified=given.get("only_verified", run.only_verified),
            encoding=given.get("encoding", ""),
            by=self.caller.actor,
        )
        return Response(ImportRunRow(run).data)


class ImportPreview(ImportView):
    """What the first twenty rows would do, by the same code that does it. Nothing is changed."""

    @extend_schema(operation_id="imports_preview", responses=PlannedRows)
    def get(self, request: Request, run_id: UUID) -> Response:
        self.query(NoQuery)
        planned = uploads.preview(uploads.access(run_id))
        return Response({"results": [_planned_row(each) for each in planned]})


class StartImport(ImportView):
    """Begin. The rows are written in the background; `position` of `rows_total` says how far it is."""

    @extend_schema(operation_id="imports_start", request=NothingMore, responses=ImportRunRow)
    @once
    def post(self, request: Request, run_id: UUID) -> Response:
        self.body(NothingMore)
        working.start(uploads.access(run_id), by=self.caller.actor)
        return Response(ImportRunRow(uploads.access(run_id)).data)


class UndoImport(ImportView):
    """Take an import back: new contacts that nobody has worked on go, changed values are put back."""

    @extend_schema(operation_id="imports_undo", request=NothingMore, responses=ImportRunRow)
    @once
    def post(self, request: Request, run_id: UUID) -> Response:
        self.body(NothingMore)
        working.undo(uploads.access(run_id), by=self.caller.actor)
        return Response(ImportRunRow(uploads.access(run_id)).data)


class ImportFailures(ImportView):
    """The rows that were not imported, as CSV with number, column and reason in front."""

    @extend_schema(operation_id="imports_failures", responses={(200, "text/csv"): OpenApiTypes.BINARY})
    def get(self, request: Request, run_id: UUID) -> Any:
        self.query(NoQuery)
        content = io.BytesIO()
        failures.write(uploads.access(run_id), content)
        return HttpResponse(content.getvalue(), content_type="text/csv; charset=utf-8")


def _copy(source: Any, content: IO[bytes]) -> None:
    size = 0
    while chunk := source.read(64 * 1024):
        size += len(chunk)
        if size > tables.MOST_BYTES:
            raise BadTable("too_large")
        content.write(chunk)


def _planned_row(planned: Planned) -> dict[str, Any]:
    is_known = planned.contact is not None and planned.outcome != Outcome.CREATED
    return {
        "row": planned.draft.number,
        "outcome": planned.outcome,
        "contact_id": planned.contact.id if planned.contact is not None and is_known else None,
        "reason": planned.reason,
        "column": planned.column,
        "changes": {name: [before, after] for name, (before, after, _mark) in planned.fields.items()},
        "addresses": [value for _kind, value in planned.addresses],
        "labels": planned.labels,
    }
