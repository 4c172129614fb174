"""What platforms delivered and could not be read: to look at, and to read again."""

from __future__ import annotations

from contextlib import suppress

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from conversations import replaying
from conversations.models import InboundRecord
from conversations.replaying import NotReplayable
from tenants.workspace.access import Permission
from tenants.workspace.admin import ReadOnlyAdmin, acting, brand_site

MOST_SHOWN = 4_000


@admin.register(InboundRecord, site=brand_site)
class InboundRecordAdmin(ReadOnlyAdmin):
    """Only what is not done: the rest is raw material of conversations, and read there."""

    permission = Permission.REPLAY_DEAD_LETTERS
    list_display = ["received_at", "channel", "account_id", "state", "attempts", "error"]
    list_filter = ["state", "channel"]
    fields = ["received_at", "channel", "account_id", "event_id", "state", "attempts", "error", "content"]
    readonly_fields = ["content"]
    actions = ["replay"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[InboundRecord]:
        return super().get_queryset(request).exclude(state=InboundRecord.State.DONE)

    @admin.display(description=_("content"))
    def content(self, row: InboundRecord) -> str:
        return bytes(row.body)[:MOST_SHOWN].decode("utf-8", "replace").replace("\x00", "\ufffd")

    @admin.action(description=_("Read again"))
    def replay(self, request: HttpRequest, chosen: QuerySet[InboundRecord]) -> None:
        replayed = 0
        for row in chosen:
            with suppress(NotReplayable):
                replaying.replay(row, by=acting(request).actor)
                replayed += 1
        messages.success(request, _("%(count)s are being read again.") % {"count": replayed})
