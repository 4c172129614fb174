"""Importing contacts: upload, columns with a preview, progress, the rows that failed, taking it back."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from contacts import custom_fields
from contacts.gates import Visible
from contacts.lists.filters import CUSTOM
from contacts.lists.importing import columns, failures, tables, uploads, working
from contacts.lists.importing.columns import BadMapping
from contacts.lists.importing.tables import BadTable
from contacts.lists.importing.texts import REASONS
from contacts.lists.importing.uploads import ImportRefused
from contacts.models import CustomField, ImportRun
from tenants.workspace.access import MemberRequest, Permission, needs

SHOWN = 50  # runs, and failed rows
TELLING = frozenset({CustomField.Type.TEXT, CustomField.Type.NUMBER, CustomField.Type.LINK})
"""Types of own fields whose values may tell one person from all others."""


@require_http_methods(["GET", "POST"])
@needs(Permission.MANAGE_CONTACTS)
def overview(request: MemberRequest, visible: Visible) -> HttpResponse:
    """The imports of the last weeks; a POST takes a table."""
    if request.method == "POST":
        file = request.FILES.get("file")
        try:
            if file is None:
                raise BadTable("empty")
            run = uploads.upload(file, file.name or "", by=request.member.actor)
        except BadTable as error:
            messages.error(request, REASONS[error.code])
            return redirect("imports")
        return redirect("import", run_id=run.id)
    runs = ImportRun.objects.order_by("-created_at", "-id")[:SHOWN]
    return render(request, "contacts/lists/imports.html", {"runs": runs, "section": "contacts"})


@require_GET
@needs(Permission.MANAGE_CONTACTS)
def one(request: MemberRequest, run_id: UUID, visible: Visible) -> HttpResponse:
    """One import: its columns and a preview before it begins, then how far it is and what failed."""
    run = uploads.access(run_id)
    titles = {**columns.TARGETS, **{CUSTOM + field.key: field.title for field in custom_fields.in_use()}}
    context: dict[str, Any] = {
        "run": run,
        "section": "contacts",
        "failed_rows": failures.first(run, SHOWN),
        "titles": titles,
    }
    if run.state == ImportRun.State.UPLOADED:
        context |= _to_be_arranged(run, titles)
    if request.headers.get("HX-Request"):
        return render(request, "contacts/lists/_import_state.html", context)
    return render(request, "contacts/lists/import.html", context)


@require_POST
@needs(Permission.MANAGE_CONTACTS)
def arrange(request: MemberRequest, run_id: UUID, visible: Visible) -> HttpResponse:
    """Say what the columns mean; the preview shows what would happen. `start` begins at once."""
    run, given = uploads.access(run_id), request.POST
    try:
        run = uploads.arrange(
            run,
            mapping={str(number): given.get(f"column_{number}", "") for number in range(len(run.headers))},
            match_by=given.getlist("match_by"),
            policy=given.get("policy", ""),
            only_verified="only_verified" in given,
            encoding=given.get("encoding", ""),
            by=request.member.actor,
        )
        if "start" in given:
            working.start(run, by=request.member.actor)
    except (BadMapping, BadTable, ImportRefused) as error:
        messages.error(request, REASONS[error.code])
    return redirect("import", run_id=run_id)


@require_POST
@needs(Permission.MANAGE_CONTACTS)
def undo(request: MemberRequest, run_id: UUID, visible: Visible) -> HttpResponseRedirect:
    """Take an import back."""
    try:
        working.undo(uploads.access(run_id), by=request.member.actor)
    except ImportRefused as error:
        messages.error(request, REASONS[error.code])
    else:
        messages.success(request, _("The import is being taken back."))
    return redirect("import", run_id=run_id)


@require_GET
@needs(Permission.MANAGE_CONTACTS)
def failed(request: MemberRequest, run_id: UUID, visible: Visible) -> HttpResponse:
    """The rows that were not imported, as a table with the reason in front."""
    run, content = uploads.access(run_id), io.BytesIO()
    failures.write(run, content)
    answer = HttpResponse(content.getvalue(), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="not-imported-{run.created_at:%Y%m%d}.csv"'
    return answer


def _to_be_arranged(run: ImportRun, titles: Mapping[str, Any]) -> dict[str, Any]:
    targets = list(titles.items())
    try:
        beginning, planned, error = uploads.beginning(run), uploads.preview(run), ""
    except BadTable as refusal:
        beginning, planned, error = [], [], REASONS[refusal.code]
    telling = {CUSTOM + field.key for field in custom_fields.in_use() if field.type in TELLING}
    keys = [(key, title) for key, title in targets if key in columns.KEYS or key in telling]
    return {
        "columns": [
            (
                number,
                heading,
                run.mapping.get(str(number), ""),
                [row[number] for row in beginning if number < len(row) and row[number]],
            )
            for number, heading in enumerate(run.headers)
        ],
        "targets": targets,
        "keys": [(key, title) for key, title in keys if key in columns.KEYS or key in run.mapping.values()],
        "policies": ImportRun.Policy.choices,
        "encodings": tables.NAMES,
        "planned": planned,
        "error": error,
    }
