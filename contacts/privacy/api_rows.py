"""The forms and rows of privacy's API, as its description shows them."""

from __future__ import annotations

from rest_framework import serializers

from contacts.models import AccessEntry, Erasure, PersonExport
from contacts.privacy.hold import LONGEST_REASON
from contacts.privacy.retention import DAYS, LONGEST, MONTHS
from contacts.privacy.watching import LARGEST
from tenants.workspace.rest import PageQuery


class ExportRow(serializers.Serializer):
    id = serializers.UUIDField()
    contact_id = serializers.UUIDField()
    state = serializers.ChoiceField(choices=PersonExport.State.values)
    rows_done = serializers.IntegerField(help_text="Progress, of about `rows_total`.")
    rows_total = serializers.IntegerField()
    size = serializers.IntegerField(allow_null=True, help_text="Bytes of the archive.")
    sha256 = serializers.CharField()
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
    expires_at = serializers.DateTimeField()


class ErasurePlan(serializers.Serializer):
    mode = serializers.ChoiceField(
        choices=Erasure.Mode.values, help_text="anonymise: texts stay, without what names the person."
    )
    identity_id = serializers.UUIDField(
        required=False, help_text="Only this address; without it the whole person."
    )
    ground = serializers.CharField(
        required=False, max_length=200, help_text="Why: stands on the certificate. Names nobody."
    )


class ErasureRow(serializers.Serializer):
    id = serializers.UUIDField()
    number = serializers.IntegerField()
    contact_id = serializers.UUIDField()
    identity_id = serializers.UUIDField(allow_null=True)
    mode = serializers.ChoiceField(choices=Erasure.Mode.values)
    state = serializers.ChoiceField(choices=Erasure.State.values)
    ground = serializers.CharField()
    planned = serializers.DictField(
        child=serializers.IntegerField(), help_text="The dry run: rows by kind of data."
    )
    erased = serializers.DictField(child=serializers.IntegerField(), help_text="Rows done so far.")
    created_at = serializers.DateTimeField()
    confirmed_at = serializers.DateTimeField(allow_null=True)
    erased_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)


class Confirmation(serializers.Serializer):
    name = serializers.CharField(
        required=False,
        max_length=400,
        help_text="The contact's name, or the first address of a nameless one: when the planner confirms alone.",
    )


class Certificate(serializers.Serializer):
    id = serializers.UUIDField()
    number = serializers.IntegerField()
    contact_id = serializers.UUIDField()
    mode = serializers.ChoiceField(choices=Erasure.Mode.values)
    scope = serializers.ChoiceField(choices=["person", "address"])
    ground = serializers.CharField()
    planned_at = serializers.DateTimeField()
    confirmed_at = serializers.DateTimeField()
    confirmed_by_second_person = serializers.BooleanField()
    erased_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField()
    rows = serializers.DictField(child=serializers.IntegerField())
    address_digests = serializers.ListField(child=serializers.CharField())
    sha256 = serializers.CharField(help_text="Over all other members as JSON: keys sorted, no blanks, UTF-8.")


class HoldWish(serializers.Serializer):
    reason = serializers.CharField(max_length=LONGEST_REASON)
    review_on = serializers.DateField()
    owner_id = serializers.UUIDField(required=False, help_text="An agent; without it whoever calls.")


class HoldRow(serializers.Serializer):
    id = serializers.UUIDField()
    contact_id = serializers.UUIDField()
    reason = serializers.CharField()
    owner_id = serializers.UUIDField(allow_null=True)
    review_on = serializers.DateField()
    placed_at = serializers.DateTimeField()
    lifted_at = serializers.DateTimeField(allow_null=True)


class HoldList(serializers.Serializer):
    results = HoldRow(many=True)


class ScheduleWish(serializers.Serializer):
    is_on = serializers.BooleanField()
    keep = serializers.IntegerField(min_value=1, max_value=LONGEST, help_text="Days or months, see `unit`.")


class ScheduleRow(serializers.Serializer):
    kind = serializers.CharField()
    is_on = serializers.BooleanField()
    keep = serializers.IntegerField()
    unit = serializers.ChoiceField(choices=[DAYS, MONTHS])
    cutoff = serializers.DateTimeField(help_text="What is older goes.")
    due = serializers.IntegerField(help_text="How many rows would go tonight, were the kind on.")
    last_run_at = serializers.DateTimeField(allow_null=True)
    last_removed = serializers.IntegerField()


class ScheduleList(serializers.Serializer):
    results = ScheduleRow(many=True)


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


class AccessAlertRow(serializers.Serializer):
    id = serializers.UUIDField()
    agent_id = serializers.UUIDField()
    agent_name = serializers.CharField()
    contacts = serializers.IntegerField(help_text="The most within one hour.")
    limit = serializers.IntegerField()
    raised_at = serializers.DateTimeField()
    seen_at = serializers.DateTimeField(allow_null=True, help_text="Since when somebody has looked into it.")


class AccessAlertPage(serializers.Serializer):
    results = AccessAlertRow(many=True)
    next = serializers.CharField(allow_null=True, help_text="Cursor of the next page; null at the end.")


class AccessLimitWish(serializers.Serializer):
    contacts = serializers.IntegerField(min_value=1, max_value=LARGEST, allow_null=True)
