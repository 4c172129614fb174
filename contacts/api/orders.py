"""Orders of a contact."""

from __future__ import annotations

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from contacts import orders
from contacts.api.ground import ContactView
from contacts.custom_fields import is_web_address
from contacts.models import Order
from tenants.workspace.idempotency import once
from tenants.workspace.rest import PageQuery, limit_of


class OrderLine(serializers.Serializer):
    title = serializers.CharField(max_length=300)
    quantity = serializers.IntegerField(min_value=0, max_value=1_000_000, default=1)
    price = serializers.DecimalField(
        max_digits=14, decimal_places=2, required=False, allow_null=True, coerce_to_string=True
    )


class OrderRow(serializers.ModelSerializer):
    lines = OrderLine(many=True)

    class Meta:
        model = Order
        fields = [
            "id", "contact_id", "shop", "number", "status", "currency", "total", "lines", "url", "placed_at",
            "updated_at",
        ]  # fmt: skip


class OrderPage(serializers.Serializer):
    results = OrderRow(many=True)
    next = serializers.CharField(allow_null=True, help_text="Cursor of the next page; null at the end.")


class ToldOrder(serializers.Serializer):
    shop = serializers.CharField(max_length=80, help_text="Inside which the number is unique.")
    number = serializers.CharField(max_length=120)
    status = serializers.CharField(max_length=60, default="", allow_blank=True)
    currency = serializers.RegexField(r"\A([A-Z]{3})?\Z", default="", allow_blank=True, help_text="ISO 4217.")
    total = serializers.DecimalField(max_digits=14, decimal_places=2, default=None, allow_null=True)
    lines = OrderLine(many=True, default=list, max_length=orders.MOST_LINES)  # type: ignore[call-arg]
    url = serializers.URLField(max_length=2000, default="", allow_blank=True)
    placed_at = serializers.DateTimeField()

    def validate_url(self, url: str) -> str:
        if url and not is_web_address(url):
            raise serializers.ValidationError("Not a web address.")
        return url

    def validate_lines(self, lines: list[dict[str, object]]) -> list[dict[str, object]]:
        return [
            {**line, "price": None if line.get("price") is None else str(line["price"])} for line in lines
        ]


class Orders(ContactView):
    """The orders of a contact, newest first. Telling one again replaces what was told of it before."""

    @extend_schema(operation_id="contact_orders_list", parameters=[PageQuery], responses=OrderPage)
    def get(self, request: Request, contact_id: UUID) -> Response:
        contact = self.contact(contact_id)
        wish = self.query(PageQuery)
        limit = limit_of(wish)
        found = orders.of_contact(contact.id, after=self.after(wish.get("cursor")), limit=limit + 1)
        return self.page_of(OrderRow, found, limit=limit, by="placed_at")

    @extend_schema(
        operation_id="contact_orders_tell", request=ToldOrder, responses={200: OrderRow, 201: OrderRow}
    )
    @once
    def post(self, request: Request, contact_id: UUID) -> Response:
        contact = self.contact_to_change(contact_id)
        row, is_new = orders.tell(contact, **self.body(ToldOrder), by=self.caller.actor)
        return Response(OrderRow(row).data, status=201 if is_new else 200)
