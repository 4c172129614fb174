"""What somebody wrote into the form of a website, as a mail of theirs.

    {"website_form": {"id": uuid made by their browser, "address", "name", "language", "subject", "text",
     "is_proven": whether the brand's server vouches for the address, "page": {"url", "title", "referrer"},
     "phone", "consent"}, "received_at": milliseconds}

No mail server saw it. Only our own website chat makes such elements.
"""

from __future__ import annotations

from conversations.channels import email_addresses, wire
from conversations.channels.items import IncomingMessage, Item, JsonObject, UnknownItem

FORM = "website_form"
_PAGE_FIELDS = ("url", "title", "referrer")
_LIMIT = 2000


def read(account_id: str, raw: JsonObject) -> Item:
    """The item that such an element stands for."""
    form = wire.mapping(raw, FORM)
    form_id = wire.bounded_id(wire.text(form, "id"))
    address = email_addresses.normalised(wire.text(form, "address"))
    happened_at, words = wire.moment(raw.get("received_at")), wire.text(form, "text")
    if not form_id or not address or not words.strip():
        return UnknownItem(
            account_id=account_id,
            event_id=wire.stable_id("unknown", wire.fingerprint(raw)),
            happened_at=happened_at,
            raw=raw,
            name=FORM,
            address=address,
        )
    external_id = f"form.{form_id}@{email_addresses.domain_of(account_id) or 'localhost'}"
    page = wire.mapping(form, "page")
    told = {name: wire.text(form, name)[:_LIMIT] for name in ("phone", "consent")}
    details = {
        "subject": wire.text(form, "subject")[:300],
        "from": [address],
        "is_typed": form.get("is_proven") is not True,
        "form": {name: value for name, value in told.items() if value},
    }
    return IncomingMessage(
        account_id=account_id,
        event_id=external_id,
        happened_at=happened_at,
        raw=raw,
        address=address,
        external_id=external_id,
        text=words,
        sender_name=wire.text(form, "name")[:200],
        sender_language=wire.text(form, "language")[:12],
        referral={name: value for name in _PAGE_FIELDS if (value := wire.text(page, name)[:_LIMIT])},
        details={name: value for name, value in details.items() if value},
    )
