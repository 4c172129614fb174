"""What the views of contacts share."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from rest_framework.permissions import SAFE_METHODS
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from contacts import gates
from contacts.api import refusals
from contacts.gates import Visible
from contacts.models import Contact
from contacts.privacy import access_log
from contacts.privacy.access_log import Act
from contacts.queries import Position
from tenants.workspace.access import Permission
from tenants.workspace.problems import Problem
from tenants.workspace.rest import BrandView


class ContactView(BrandView):
    """visible: which contacts a caller may see; given by the address list, which knows the conversations' gates."""

    permission = Permission.READ_CONTACTS
    write_permission = Permission.CHANGE_CONTACTS
    visible: Visible = staticmethod(gates.nobody)

    def contact(self, contact_id: UUID) -> Contact:
        """The contact behind an id that the caller may see; who reads of them is noted. Raises Http404."""
        row = gates.access_contact(self.caller, contact_id, visible=self.visible)
        if self.request.method in SAFE_METHODS:
            access_log.note(self.caller, Act.OPENED, "contact", row.id)
        return row

    def contact_to_change(self, contact_id: UUID) -> Contact:
        """The contact behind an id, to write something down of them. Raises Http404, Problem (409) of an erased one."""
        row = self.contact(contact_id)
        if row.erased_at is not None:
            raise Problem(409, "erased", "This contact was erased: nothing is written down of them any more.")
        return row

    def handle_exception(self, exc: Exception) -> Response:
        return super().handle_exception(refusals.as_problem(exc) or exc)

    def page_of(self, form: type[Serializer[Any]], found: Sequence[Any], *, limit: int, by: str) -> Response:
        """A page of rows and the cursor of the next. found: one row more than `limit` where there is a next page;
        by: the field that orders them."""
        rows: Any = form(found[:limit], many=True).data
        last = found[limit - 1] if len(found) > limit else None
        return self.page(list(rows), None if last is None else [getattr(last, by), last.id])

    def after(self, cursor: str | None) -> Position | None:
        """Where the page behind `cursor` begins. Raises Problem (400)."""
        position = self.position(cursor)
        return None if position is None else Position(datetime.fromisoformat(position[0]), UUID(position[1]))
