"""What a WhatsApp webhook tells of the account: its templates, its quality, its troubles, new ids of customers."""

from __future__ import annotations

from typing import Any

from conversations.channels import whatsapp_errors, wire
from conversations.channels.items import AccountChange, AddressChanged, Item, JsonObject, UnknownItem

_TEMPLATE_FIELDS = {
    "message_template_status_update": {"event": "status", "reason": "reason"},
    "message_template_quality_update": {"new_quality_score": "quality"},
    "template_category_update": {"new_category": "category"},
}
_ACCOUNT_FIELDS = {
    "phone_number_quality_update": "quality",
    "account_update": "other",
    "account_alerts": "other",
    "business_capability_update": "other",
}


def read(account_id: str, raw: JsonObject) -> Item:
    """The item that {"field", "value"} or {"error"} stands for; a field that nobody reads yet is unknown."""
    field, value = wire.identifier(raw, "field") or "change", wire.mapping(raw, "value")
    common: dict[str, Any] = {
        "account_id": account_id,
        "event_id": wire.stable_id(field, wire.fingerprint(raw)),
        "happened_at": wire.moment(raw.get("time")),
        "raw": raw,
    }
    if isinstance(raw.get("error"), dict):
        return _error(common, wire.mapping(raw, "error"))
    if field in _TEMPLATE_FIELDS:
        return _of_template(common, field, value)
    if field in _ACCOUNT_FIELDS:
        told = {name: wire.text(value, name)[:200] for name in value}
        details = {"field": field, **{name: text for name, text in list(told.items())[:20] if text}}
        return AccountChange(**common, change=_ACCOUNT_FIELDS[field], details=details)
    if field == "user_id_update" and account_id:
        return _new_user_id(common, value) or UnknownItem(**common, name=field)
    return UnknownItem(**common, name=field)


def _new_user_id(common: dict[str, Any], value: JsonObject) -> AddressChanged | None:
    updates = wire.objects(value, "user_id_update")
    ids = wire.mapping(updates[0], "user_id") if len(updates) == 1 else {}
    old, new = wire.identifier(ids, "previous"), wire.identifier(ids, "current")
    return AddressChanged(**common, address=old, new_address=new) if old and new else None


def _of_template(common: dict[str, Any], field: str, value: JsonObject) -> AccountChange:
    names = {"message_template_name": "name", "message_template_language": "language"}
    told = {ours: wire.text(value, theirs) for theirs, ours in {**names, **_TEMPLATE_FIELDS[field]}.items()}
    details = {name: text for name, text in told.items() if text}
    return AccountChange(**common, change="template", details=details)


def _error(common: dict[str, Any], told: JsonObject) -> AccountChange:
    """Trouble that belongs to no single message."""
    error = whatsapp_errors.of_report(told)
    details = {"event": "error", "code": error.code, "reason": error.detail}
    return AccountChange(**common, change="other", details=details)
