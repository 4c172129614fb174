"""Who of the staff looked at whom."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.api.ground import ContactView
from contacts.models import AccessEntry
from contacts.privacy import access_log
from tenants.workspace.access import Permission
from tenants.workspace.rest import PageQuery, limit_of


class AccessQuery(PageQuery):
    subject = serializers.UUIDField(required=False, help_text="A contact or conversation.")
    actor = serializers.UUIDField(required=False, help_text="An agent or an API token.")


class AccessRow(serializers.Serializer):
    id = serializers.UUIDField()
    actor_kind = serializers.ChoiceField(choices=["agent", "token"])
    actor_id = serializers.UUIDField(allow_null=True)
    actor_name = serializers.CharField()
    token_id = serializers.UUIDField(allow_null=True, help_text="The token that acted in the agent's name.")
    act = serializers.ChoiceField(choices=AccessEntry.Act.values)
    subject_kind = serializers.CharField()
    subject_id = serializers.UUIDField(allow_null=True)
    happened_at = serializers.DateTimeField()


class AccessPage(serializers.Serializer):
    results = AccessRow(many=True)
    next = serializers.CharField(allow_null=True)


class AccessLog(ContactView):
    """Who of the staff looked at whom, newest first."""

    permission = Permission.READ_ACCESS_LOG

    @extend_schema(operation_id="access_log_list", parameters=[AccessQuery], responses=AccessPage)
    def get(self, request: Request) -> Response:
        wish = self.query(AccessQuery)
        limit = limit_of(wish)
        found = access_log.entries(
            subject_id=wish.get("subject"),
            actor_id=wish.get("actor"),
            after=self.after(wish.get("cursor")),
        )
        page = access_log.told(found[: limit + 1])
        last = page[limit - 1] if len(page) > limit else None
        return self.page(page[:limit], None if last is None else [last["happened_at"], last["id"]])
