"""What an agent does with a person's record: forms of the page, each answered with the part as it is then."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse, QueryDict
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from contacts import addresses, consent, custom_fields, gates, labels, notes, profile
from contacts.addresses import BadAddress, Source
from contacts.consent import ConsentRefused
from contacts.custom_fields import BadValue
from contacts.gates import Visible
from contacts.labels import LabelRefused
from contacts.models import Contact, ContactAddress, ContactNote, CustomField, Label
from contacts.notes import NoteRefused
from contacts.refusal_texts import OF_VALUES
from contacts.views import person as parts
from tenants.workspace.access import MemberRequest, Permission, needs

FIELDS = ("name", "honorific", "language", "timezone", "place", "company")
REFUSALS = {
    **OF_VALUES,
    "too_many": _("There are too many addresses."),
    "text_blank": _("Write something first."),
    "text_too_long": _("That is too long."),
    "not_yours": _("Only its author or an administrator may do that."),
    "name_blank": _("Write something first."),
    "name_too_long": _("The name is too long."),
    "no_such_label": _("There is no such label."),
    "erased": _("This person was erased."),
}


class _Refused(ValueError):
    code: str


class _NoSuchLabel(_Refused):
    code = "no_such_label"


class _Erased(_Refused):
    code = "erased"


def _act(do: Callable[..., None]) -> Any:
    """A POST on a person whom the member sees; what a verb refuses stands in the answer."""

    def acting(request: MemberRequest, contact_id: UUID, visible: Visible, **ids: UUID) -> HttpResponse:
        contact = gates.access_contact(request.member, contact_id, visible=visible)
        refusal: Any = ""
        try:
            if contact.erased_at is not None:
                raise _Erased
            do(request, contact, **ids)
        except (BadValue, BadAddress, LabelRefused, NoteRefused, ConsentRefused, _Refused) as error:
            refusal = REFUSALS.get(error.code, _("This could not be done."))
        fresh = gates.access_contact(request.member, contact.id, visible=visible)
        return parts.answer(request, fresh, refusal=refusal)

    guarded: Any = wraps(do)(acting)
    return require_POST(needs(Permission.CHANGE_CONTACTS)(guarded))


@_act
def change_fields(request: MemberRequest, contact: Contact) -> None:
    """Set the fields that were posted, the brand's own among them."""
    values: dict[str, Any] = {name: request.POST[name] for name in FIELDS if name in request.POST}
    own = _own_values(request.POST, custom_fields.in_use())
    if own:
        values["custom"] = own
    profile.change(contact, values, by=request.member.actor, source=Source.AGENT)


@_act
def add_address(request: MemberRequest, contact: Contact) -> None:
    """Note an e-mail address or phone number."""
    addresses.add(
        contact,
        request.POST.get("kind", ""),
        request.POST.get("value", ""),
        by=request.member.actor,
        source=Source.AGENT,
    )


@_act
def change_address(request: MemberRequest, contact: Contact, address_id: UUID) -> None:
    """Vouch for an address (act=verify), or take it away (act=remove)."""
    row = ContactAddress.objects.filter(id=address_id, contact=contact).first()
    if row is None:
        raise Http404
    if request.POST.get("act") == "verify":
        addresses.verify(row, by=request.member.actor, source=Source.AGENT)
    elif request.POST.get("act") == "remove":
        addresses.remove(row, by=request.member.actor)


@_act
def put_label(request: MemberRequest, contact: Contact) -> None:
    """Put the label of this name on the person; who may arrange labels makes a new one by its name."""
    name = " ".join(request.POST.get("label", "").split())
    label = Label.objects.filter(name__iexact=name).first()
    if label is None:
        if name and not request.member.may(Permission.MANAGE_CONTACTS):
            raise _NoSuchLabel
        label = labels.create(name, by=request.member.actor)
    labels.put(contact, label, by=request.member.actor)


@_act
def take_label(request: MemberRequest, contact: Contact, label_id: UUID) -> None:
    """Take a label off."""
    label = Label.objects.filter(id=label_id).first()
    if label is None:
        raise Http404
    labels.take(contact, label, by=request.member.actor)


@_act
def write_note(request: MemberRequest, contact: Contact) -> None:
    """Write a note."""
    notes.write(
        contact,
        request.POST.get("text", ""),
        by=request.member.actor,
        is_pinned="is_pinned" in request.POST,
    )


@_act
def change_note(request: MemberRequest, contact: Contact, note_id: UUID) -> None:
    """Change a note: act=edit (text), pin, unpin, delete."""
    row = ContactNote.objects.filter(id=note_id, contact=contact).first()
    if row is None:
        raise Http404
    notes.require_own(row, request.member)
    by, act = request.member.actor, request.POST.get("act")
    if act == "edit":
        notes.edit(row, request.POST.get("text", ""), by=by)
    elif act in {"pin", "unpin"}:
        notes.pin(row, is_pinned=act == "pin", by=by)
    elif act == "delete":
        notes.delete(row, by=by)


@_act
def state_consent(request: MemberRequest, contact: Contact) -> None:
    """Write down what the person said: purpose, channel ("" for every one), state."""
    consent.state(
        contact,
        purpose=request.POST.get("purpose", ""),
        channel=request.POST.get("channel", "")[:20],
        state=request.POST.get("state", ""),
        source="agent",
        by=request.member.actor,
    )


def _own_values(posted: QueryDict, fields: list[CustomField]) -> dict[str, Any]:
    """What a form says of own fields; those that it does not show are left alone."""
    found: dict[str, Any] = {}
    for field in fields:
        name = f"own.{field.key}"
        if field.type == CustomField.Type.CHOICES and f"{name}.shown" in posted:
            found[field.key] = posted.getlist(name)
        elif name in posted:
            found[field.key] = posted[name]
    return found
