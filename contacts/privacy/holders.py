"""The register of everything that holds personal data: how it is found, what an export shows, what erasing does.

    holders.register(Holder(ContactNote, holding=..., clear=holders.delete(ContactNote), rows=...))
    holders.exempt("workspace.team", "staff, not customers")

Every model of the house is registered here by whoever owns it, from its app's `ready()`, or declared exempt with the
reason; a test finds those that are forgotten. Holders are worked on in the order of registration.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import IO, Any
from uuid import UUID, uuid4

from django.db.models import Model, Q, QuerySet

from contacts.identify import Address
from contacts.models import Contact, ContactAddress, ContactIdentity

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Person:
    """Whose data it is: a contact with the sign-posts that lead to it.

    addresses, names: under which they are or were known; what has no key to the person is found by them.
    keeps_texts: what was said stays, without the person. pseudonym: stands in for the person where a line must stay.
    """

    contact_ids: tuple[UUID, ...]
    addresses: tuple[Address, ...]
    names: tuple[str, ...]
    keeps_texts: bool = False
    pseudonym: str = ""

    @property
    def spellings(self) -> tuple[str, ...]:
        """Texts that are nobody else's: the addresses as platforms write them."""
        found = {address.address for address in self.addresses} | {
            address.address.removeprefix("+") for address in self.addresses
        }
        return tuple(sorted(text for text in found if len(text) >= SHORTEST_ADDRESS))


SHORTEST_ADDRESS = 5
"""A shorter address is found inside of anything."""


@dataclass(frozen=True, slots=True)
class ExportedFile:
    """A file of the person. open: its content, to be closed by the reader; raises FileNotFoundError."""

    id: UUID
    name: str
    open: Callable[[], IO[bytes]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """One model's part. part: where a model has several ways to find its rows.

    holding: the rows that still hold something of the person, in the brand's scope. clear: takes it out of the rows
    with these keys; afterwards `holding` finds them no more. rows: what an export shows; None for mere copies.
    title: for people, where the model has no name in their words.
    outside: `clear` does slow or remote work and opens its transactions itself.
    """

    model: type[Model]
    holding: Callable[[Person], QuerySet[Any]]
    clear: Callable[[Person, Sequence[Any]], None]
    part: str = ""
    rows: Callable[[Person], Iterator[Any]] | None = None
    files: Callable[[Person], Iterator[ExportedFile]] | None = None
    title: Any = None
    outside: bool = False

    @property
    def words(self) -> str:
        """What the rows are, in people's words."""
        return str(self.title or self.model._meta.verbose_name_plural)

    @property
    def name(self) -> str:
        """The model's label, and the part."""
        label = self.model._meta.label_lower
        return f"{label}:{self.part}" if self.part else label


_holders: dict[str, Holder] = {}
_exempt: dict[str, str] = {}


def register(holder: Holder, *, before: str = "") -> None:
    """Add a holder. Called from an app's `ready()`.

    before: the name of a known holder that is worked on after it: of what the rows are a copy, and are found by.
    """
    _holders[holder.name] = holder
    if before:
        behind = list(_holders)[list(_holders).index(before) : -1]
        for name in behind:
            _holders[name] = _holders.pop(name)


def exempt(label: str, reason: str) -> None:
    """A model ("app.model"), or all models of an app ("app"), that holds no customer's data, and why."""
    _exempt[label] = reason


def registered() -> tuple[Holder, ...]:
    """All holders, in the order in which they are worked on."""
    return tuple(_holders.values())


def is_known(model: type[Model]) -> bool:
    """Whether somebody has said what becomes of a model's rows."""
    label = model._meta.label_lower
    known = {holder.model._meta.label_lower for holder in registered()}
    return label in known or label in _exempt or model._meta.app_label in _exempt


def exemptions() -> dict[str, str]:
    """What is exempt, and why."""
    return dict(_exempt)


def person_of(contact: Contact) -> Person:
    """The person as they stand in the database now. Two queries."""
    family = Contact.objects.filter(Q(id=contact.id) | Q(merged_into=contact.id))
    names = dict(family.values_list("id", "name"))
    identities = ContactIdentity.objects.filter(contact_id__in=names)
    told = list(identities.values_list("channel", "scope", "address", "display_name"))
    return Person(
        contact_ids=(contact.id, *sorted(each for each in names if each != contact.id)),
        addresses=tuple(Address(*each[:3]) for each in told),
        names=tuple(sorted({*names.values(), *(each[3] for each in told)} - {""})),
        pseudonym=str(uuid4()),
    )


def claimed_addresses(person: Person) -> set[str]:
    """The e-mail addresses and phone numbers that are said to be the person's. One query."""
    return set(
        ContactAddress.objects.filter(contact_id__in=person.contact_ids).values_list("value", flat=True)
    )


def count(person: Person) -> dict[str, int]:
    """How many rows still hold something of the person, by holder; those with none are left out."""
    found = {holder.name: holder.holding(person).order_by().count() for holder in registered()}
    return {name: rows for name, rows in found.items() if rows}


def nothing(model: type[Model]) -> Callable[[Person], QuerySet[Any]]:
    """For holders whose rows are shown in an export and hold nothing that would have to go."""
    return lambda person: model._default_manager.none()


def delete(model: type[Model]) -> Callable[[Person, Sequence[Any]], None]:
    """Clearing by deleting the rows."""

    def clear(person: Person, keys: Sequence[Any]) -> None:
        model._default_manager.filter(pk__in=keys).delete()

    return clear


def blank(model: type[Model], **values: Any) -> Callable[[Person, Sequence[Any]], None]:
    """Clearing by writing these values into the rows."""

    def clear(person: Person, keys: Sequence[Any]) -> None:
        model._default_manager.filter(pk__in=keys).update(**values)

    return clear


def of_contact(
    model: type[Model], path: str = "contact_id", **more: Any
) -> Callable[[Person], QuerySet[Any]]:
    """The rows that lead to the person by `path`."""
    return lambda person: model._default_manager.filter(**{f"{path}__in": person.contact_ids}, **more)


def shown(
    holding: Callable[[Person], QuerySet[Any]], *fields: str, order: str = "id"
) -> Callable[[Person], Iterator[Row]]:
    """An export of these fields."""
    return lambda person: holding(person).order_by(order).values(*fields).iterator(chunk_size=500)
