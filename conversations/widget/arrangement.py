"""What a brand decided about its chat: colour, texts, form, opening hours, identity. Stored in Inbox.settings. Pure.

    {"color": "#1f5f5b", "texts": {"ja": {"greeting": "…", "instant": "…", "away": "…", "consent": "…"}},
     "form": {"name": "required", "email": "asked"}, "hours_id": uuid, "asks_email_when_closed": true,
     "needs_identity": false}

Whatever does not read as that is left out, so that a slip in the settings never closes the chat.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from conversations.widget import colours

TEXTS = ("greeting", "instant", "away", "consent")
"""greeting: above the first message. instant and away: sent once per session. consent: beside the box to tick."""

FIELDS = ("name", "email", "phone")
ASKED, REQUIRED = "asked", "required"
TEXT_LIMIT = 1000


@dataclass(frozen=True, slots=True)
class Arrangement:
    """How one site's chat looks and what it asks for. form: field -> asked | required."""

    colour: str = colours.DEFAULT
    texts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    form: Mapping[str, str] = field(default_factory=dict)
    hours_id: UUID | None = None
    asks_email_when_closed: bool = False
    needs_identity: bool = False

    @classmethod
    def read(cls, settings: Mapping[str, Any]) -> Arrangement:
        """From an inbox's settings."""
        colour = settings.get("color")
        form = _mapping(settings.get("form"))
        return cls(
            colour=str(colour) if colours.is_colour(colour) else colours.DEFAULT,
            texts={language: _texts(given) for language, given in _mapping(settings.get("texts")).items()},
            form={name: form[name] for name in FIELDS if form.get(name) in (ASKED, REQUIRED)},
            hours_id=_uuid(settings.get("hours_id")),
            asks_email_when_closed=settings.get("asks_email_when_closed") is True,
            needs_identity=settings.get("needs_identity") is True,
        )

    def as_settings(self) -> dict[str, Any]:
        """The same as it is stored."""
        return {
            "color": self.colour,
            "texts": {language: dict(given) for language, given in self.texts.items() if given},
            "form": dict(self.form),
            "hours_id": str(self.hours_id) if self.hours_id else None,
            "asks_email_when_closed": self.asks_email_when_closed,
            "needs_identity": self.needs_identity,
        }

    @property
    def ink(self) -> str:
        """What can be read on the colour."""
        return colours.ink_on(self.colour)

    def text(self, name: str, *languages: str) -> str:
        """The text in the first of these languages that has it; "" when none has."""
        return next(filter(None, (self.texts.get(each, {}).get(name, "") for each in languages)), "")

    def any_text(self, name: str, *languages: str) -> str:
        """The same; rather in any other language than not at all."""
        return self.text(name, *languages, *self.texts)


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _texts(given: object) -> dict[str, str]:
    texts = _mapping(given)
    return {
        name: texts[name][:TEXT_LIMIT]
        for name in TEXTS
        if isinstance(texts.get(name), str) and texts[name].strip()
    }


def _uuid(value: object) -> UUID | None:
    try:
        return UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None
