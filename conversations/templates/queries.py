"""Templates to choose from, and how one reads when it is filled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.http import Http404

from conversations.channels import templates
from conversations.channels.outgoing import Template
from conversations.channels.templates import PlatformTemplate, TemplateButton
from conversations.templates.models import MessageTemplate

USABLE = "approved"
_FIELDS = (
    "id", "name", "language", "category", "status", "reason", "quality", "header_kind", "header", "body", "footer",
    "buttons", "changed_at",
)  # fmt: skip

Row = dict[str, Any]


def of_inbox(inbox_id: UUID, *, usable_only: bool = False) -> list[Row]:
    """The templates of an inbox by name and language, each with its `gaps`. One query."""
    rows = MessageTemplate.objects.filter(inbox_id=inbox_id)
    if usable_only:
        rows = rows.filter(status=USABLE)
    return [
        {**row, "gaps": templates.gaps(_described(row))}
        for row in rows.order_by("name", "language").values(*_FIELDS)
    ]


def usable_template(inbox_id: UUID, template_id: UUID) -> MessageTemplate:
    """A template that may be sent through the inbox. Raises Http404."""
    row = MessageTemplate.objects.filter(id=template_id, inbox_id=inbox_id, status=USABLE).first()
    if row is None:
        raise Http404
    return row


def preview(row: MessageTemplate, values: Mapping[str, str]) -> str:
    """How the template reads with these values; open gaps stand as they are written."""
    return templates.preview(described(row), values)


def filled(row: MessageTemplate, values: Mapping[str, str]) -> Template:
    """The template ready to be sent: `OutgoingMessage.template`. Raises templates.BadFilling."""
    return templates.fill(described(row), values)


def described(row: MessageTemplate) -> PlatformTemplate:
    """A row in the words of channels."""
    return _described({name: getattr(row, name) for name in _FIELDS})


def _described(row: Row) -> PlatformTemplate:
    return PlatformTemplate(
        external_id="",
        name=row["name"],
        language=row["language"],
        category=row["category"],
        status=row["status"],
        header_kind=row["header_kind"],
        header=row["header"],
        body=row["body"],
        footer=row["footer"],
        buttons=tuple(TemplateButton(**button) for button in row["buttons"]),
    )
