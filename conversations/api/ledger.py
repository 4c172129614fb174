"""What platforms delivered, in the REST API: the count by day and the records behind it, without their content."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.queries import Position
from conversations import gates, ledger
from conversations.ledger import Wanted
from tenants.workspace.access import Permission
from tenants.workspace.rest import BrandView, PageQuery, limit_of

MOST_DAYS = 31


class DayField(serializers.DateField):
    """A day of the brand's calendar."""

    def to_internal_value(self, value: Any) -> date:
        day: date = super().to_internal_value(value)
        if not ledger.EARLIEST <= day <= ledger.LATEST:
            self.fail("invalid", format="YYYY-MM-DD")
        return day


class DaysQuery(serializers.Serializer):
    until = DayField(required=False, help_text="The last day; today in the brand's time zone when left out.")
    days = serializers.IntegerField(min_value=1, max_value=MOST_DAYS, default=7)


class RecordsQuery(PageQuery):
    day = DayField(help_text="In the brand's time zone.")
    fate = serializers.ChoiceField(ledger.FILTERS, required=False)


class RecordsDay(serializers.Serializer):
    day = serializers.DateField()
    received = serializers.IntegerField(help_text="The sum of `fates` and `duplicates`.")
    fates = serializers.DictField(
        child=serializers.IntegerField(), help_text="What became of how many records."
    )
    duplicates = serializers.IntegerField(
        help_text="Delivered again and not stored again; counted on the day of the first delivery."
    )


class RecordsCount(serializers.Serializer):
    zone = serializers.CharField()
    days = RecordsDay(many=True)


class RecordRow(serializers.Serializer):
    id = serializers.UUIDField(help_text="A message that it brought has the same id.")
    event_id = serializers.CharField(help_text="The platform's; empty where it gives none.")
    fate = serializers.ChoiceField(ledger.FATES)
    attempts = serializers.IntegerField()
    repeats = serializers.IntegerField(help_text="How often it was delivered again.")
    received_at = serializers.DateTimeField()


class RecordPage(serializers.Serializer):
    results = RecordRow(many=True)
    next = serializers.CharField(allow_null=True)


class InboxDays(BrandView):
    """The count of an inbox, day by day, the newest first."""

    permission = Permission.READ_REPORTS

    @extend_schema(operation_id="records_days", parameters=[DaysQuery], responses=RecordsCount)
    def get(self, request: Request, inbox_id: UUID) -> Response:
        wish = self.query(DaysQuery)
        inbox, zone = gates.access_inbox(self.caller, inbox_id), self.tenant.zone
        last = wish.get("until") or ledger.today(zone)
        rows = ledger.days(inbox.id, last - timedelta(days=wish["days"] - 1), last, zone)
        told = [
            {"day": row.day, "received": row.received, "fates": row.fates, "duplicates": row.duplicates}
            for row in rows
        ]
        return Response({"zone": zone.key, "days": told})


class InboxRecords(BrandView):
    """The records of one day, the newest first."""

    permission = Permission.READ_REPORTS

    @extend_schema(operation_id="records_list", parameters=[RecordsQuery], responses=RecordPage)
    def get(self, request: Request, inbox_id: UUID) -> Response:
        wish = self.query(RecordsQuery)
        inbox, limit = gates.access_inbox(self.caller, inbox_id), limit_of(wish)
        position = self.position(wish.get("cursor"))
        after = None if position is None else Position(datetime.fromisoformat(position[0]), UUID(position[1]))
        wanted = Wanted(inbox.id, wish["day"], self.tenant.zone, wish.get("fate", ""))
        found = ledger.listed(wanted, after=after, limit=limit + 1)
        page = found[:limit]
        end = [page[-1]["received_at"], page[-1]["id"]] if len(found) > limit else None
        return self.page([_row(row) for row in page], end)


def _row(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in ("id", "event_id", "fate", "attempts", "repeats", "received_at")}
