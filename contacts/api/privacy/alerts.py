"""Who of the staff looks at unusually many contacts: the alerts, and the limit."""

from __future__ import annotations

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.api.ground import ContactView
from contacts.models import AccessAlert
from contacts.privacy import watching
from contacts.privacy.watching import LARGEST
from tenants.workspace.access import Permission
from tenants.workspace.idempotency import once
from tenants.workspace.rest import NoQuery, NothingMore, PageQuery, limit_of


class AccessAlertRow(serializers.ModelSerializer):
    agent_id = serializers.UUIDField()
    agent_name = serializers.CharField(source="agent.name")
    contacts = serializers.IntegerField(help_text="The most within one hour.")
    seen_at = serializers.DateTimeField(allow_null=True, help_text="Since when somebody has looked into it.")

    class Meta:
        model = AccessAlert
        fields = ["id", "agent_id", "agent_name", "contacts", "limit", "raised_at", "seen_at"]
        read_only_fields = fields


class AccessAlertPage(serializers.Serializer):
    results = AccessAlertRow(many=True)
    next = serializers.CharField(allow_null=True, help_text="Cursor of the next page; null at the end.")


class AccessLimitWish(serializers.Serializer):
    contacts = serializers.IntegerField(min_value=1, max_value=LARGEST, allow_null=True)


class WatchView(ContactView):
    """Ground: for whoever may read the log of accesses."""

    permission = Permission.READ_ACCESS_LOG
    write_permission = Permission.READ_ACCESS_LOG


class AccessAlerts(WatchView):
    """Somebody of the staff saw more contacts within an hour than the limit; newest first."""

    @extend_schema(operation_id="access_alerts_list", parameters=[PageQuery], responses=AccessAlertPage)
    def get(self, request: Request) -> Response:
        wish = self.query(PageQuery)
        limit = limit_of(wish)
        found = watching.alerts(after=self.after(wish.get("cursor")))[: limit + 1]
        return self.page_of(AccessAlertRow, list(found), limit=limit, by="raised_at")


class SeenAlert(WatchView):
    """Somebody has looked into it."""

    @extend_schema(operation_id="access_alerts_seen", request=NothingMore, responses=AccessAlertRow)
    @once
    def post(self, request: Request, alert_id: UUID) -> Response:
        self.body(NothingMore)
        return Response(AccessAlertRow(watching.have_seen(alert_id, by=self.caller.actor)).data)


class AccessLimits(WatchView):
    """How many contacts somebody of the staff may see within an hour before there is an alert; null: any number."""

    @extend_schema(operation_id="access_limit_read", responses=AccessLimitWish)
    def get(self, request: Request) -> Response:
        self.query(NoQuery)
        return Response({"contacts": watching.limit()})

    @extend_schema(operation_id="access_limit_change", request=AccessLimitWish, responses=AccessLimitWish)
    def put(self, request: Request) -> Response:
        watching.change_limit(self.body(AccessLimitWish)["contacts"], by=self.caller.actor)
        return Response({"contacts": watching.limit()})
