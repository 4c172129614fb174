"""Who of the staff looks at unusually many contacts, for integrators: the alerts, and the limit."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.privacy import api_rows, rows, watching
from tenants.workspace.access import Permission
from tenants.workspace.idempotency import once
from tenants.workspace.rest import BrandView, NoQuery, NothingMore, PageQuery, limit_of


class WatchView(BrandView):
    """Ground: for whoever may read the log of accesses."""

    permission = Permission.READ_ACCESS_LOG
    write_permission = Permission.READ_ACCESS_LOG


class AccessAlerts(WatchView):
    """Somebody of the staff saw more contacts within an hour than the limit; newest first."""

    @extend_schema(
        operation_id="access_alerts_list", parameters=[PageQuery], responses=api_rows.AccessAlertPage
    )
    def get(self, request: Request) -> Response:
        wish = self.query(PageQuery)
        limit, position = limit_of(wish), self.position(wish.get("cursor"))
        before = None if position is None else (datetime.fromisoformat(position[0]), UUID(position[1]))
        page = [rows.alert(row) for row in watching.alerts(before=before)[: limit + 1]]
        last = page[limit - 1] if len(page) > limit else None
        return self.page(page[:limit], None if last is None else [last["raised_at"], last["id"]])


class SeenAlert(WatchView):
    """Somebody has looked into it."""

    @extend_schema(operation_id="access_alerts_seen", request=NothingMore, responses=api_rows.AccessAlertRow)
    @once
    def post(self, request: Request, alert_id: UUID) -> Response:
        self.body(NothingMore)
        return Response(rows.alert(watching.have_seen(alert_id, by=self.caller.actor)))


class AccessLimits(WatchView):
    """How many contacts somebody of the staff may see within an hour before there is an alert; null: any number."""

    @extend_schema(operation_id="access_limit_read", responses=api_rows.AccessLimitWish)
    def get(self, request: Request) -> Response:
        self.query(NoQuery)
        return Response({"contacts": watching.limit()})

    @extend_schema(
        operation_id="access_limit_change",
        request=api_rows.AccessLimitWish,
        responses=api_rows.AccessLimitWish,
    )
    def put(self, request: Request) -> Response:
        watching.change_limit(self.body(api_rows.AccessLimitWish)["contacts"], by=self.caller.actor)
        return Response({"contacts": watching.limit()})
