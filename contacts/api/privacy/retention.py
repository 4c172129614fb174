"""How long each kind of data is kept."""

from __future__ import annotations

from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.api.privacy.ground import PrivacyView
from contacts.privacy import retention
from contacts.privacy.retention import DAYS, LONGEST, MONTHS, RetentionRefused, Schedule
from tenants.workspace.rest import NoQuery


class ScheduleWish(serializers.Serializer):
    is_on = serializers.BooleanField()
    keep = serializers.IntegerField(min_value=1, max_value=LONGEST, help_text="Days or months, see `unit`.")


class ScheduleRow(serializers.Serializer):
    kind = serializers.CharField(source="kind.name")
    is_on = serializers.BooleanField()
    keep = serializers.IntegerField()
    unit = serializers.ChoiceField(choices=[DAYS, MONTHS], source="kind.unit")
    cutoff = serializers.DateTimeField(help_text="What is older goes.")
    due = serializers.SerializerMethodField(help_text="How many rows would go tonight, were the kind on.")
    last_run_at = serializers.DateTimeField(allow_null=True)
    last_removed = serializers.IntegerField()

    def get_due(self, schedule: Schedule) -> int:
        return retention.preview(schedule)


class ScheduleList(serializers.Serializer):
    results = ScheduleRow(many=True)


class RetentionRules(PrivacyView):
    """How long each kind of data is kept, and how much would go tonight."""

    @extend_schema(operation_id="retention_list", responses=ScheduleList)
    def get(self, request: Request) -> Response:
        self.query(NoQuery)
        return Response({"results": ScheduleRow(retention.schedules(timezone.now()), many=True).data})


class OneRetentionRule(PrivacyView):
    """Set how long a kind of data is kept."""

    @extend_schema(operation_id="retention_change", request=ScheduleWish, responses=ScheduleRow)
    def put(self, request: Request, kind: str) -> Response:
        wish = self.body(ScheduleWish)
        try:
            retention.change(kind, is_on=wish["is_on"], keep=wish["keep"], by=self.caller.actor)
        except RetentionRefused as refusal:
            if refusal.code == "unknown_kind":
                raise Http404 from None
            raise
        schedules = {row.kind.name: row for row in retention.schedules(timezone.now())}
        return Response(ScheduleRow(schedules[kind]).data)
