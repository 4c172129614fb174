"""What the views of privacy share."""

from __future__ import annotations

from rest_framework.response import Response

from contacts.api.ground import ContactView
from contacts.privacy.erasing import ErasureRefused
from contacts.privacy.exporting import ExportRefused
from contacts.privacy.hold import HoldRefused, Restricted
from contacts.privacy.retention import RetentionRefused
from tenants.workspace.access import Permission
from tenants.workspace.problems import Problem

_REFUSALS = (ErasureRefused, ExportRefused, HoldRefused, RetentionRefused)


class PrivacyView(ContactView):
    """What is refused is told by its code; a person on hold is `restricted`."""

    permission = Permission.ERASE_CONTACTS
    write_permission = Permission.ERASE_CONTACTS

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, Restricted):
            exc = Problem(409, "restricted", "A legal hold lies on this person.")
        elif isinstance(exc, _REFUSALS):
            exc = Problem(409, exc.code, "This cannot be done.")
        return super().handle_exception(exc)
