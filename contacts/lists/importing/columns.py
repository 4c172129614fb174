"""What a column of an imported table may mean, and what its heading lets one guess."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from contacts.folding import fold
from contacts.lists.filters import CUSTOM
from contacts.models import CustomField

EMAIL, PHONE, IDENTITY, LABELS = "email", "phone", "identity", "labels"

TARGETS: dict[str, Any] = {
    "name": _("Name"),
    "honorific": _("Form of address"),
    "company": _("Company"),
    EMAIL: _("E-mail"),
    PHONE: _("Phone"),
    IDENTITY: _("Address on a channel"),
    "language": _("Language"),
    "timezone": _("Time zone"),
    "place": _("Place"),
    LABELS: _("Labels"),
}
"""By name; `custom.<key>` besides. Several columns may be e-mail, phone or labels, of all else there is one."""

MANY = frozenset({EMAIL, PHONE, LABELS})
KEYS = (EMAIL, PHONE, IDENTITY)
"""What may tell a known contact, besides an own field."""

_HEADINGS = {
    "name": "name|full name|customer|customer name|contact|contact name|姓名|名字|名稱|顧客姓名|客戶姓名|聯絡人"
    "|名前|氏名|お名前|顧客名",
    "honorific": "title|salutation|honorific|稱謂|敬稱|敬称",
    "company": "company|organisation|organization|account|公司|公司名稱|會社|会社|会社名|法人名",
    EMAIL: "email|e-mail|mail|email address|e-mail address|電子郵件|電郵|信箱|電子信箱|メール|メールアドレス",
    PHONE: "phone|telephone|tel|mobile|cell|phone number|mobile phone|電話|電話號碼|手機|手機號碼|行動電話"
    "|電話番号|携帯|携帯電話",
    IDENTITY: "line id|line user id|user id|psid|messenger id|telegram id|channel address",
    "language": "language|lang|locale|語言|語系|言語",
    "timezone": "timezone|time zone|時區|タイムゾーン",
    "place": "place|city|town|address|城市|地點|地址|住所|市区町村|所在地",
    LABELS: "label|labels|tag|tags|標籤|タグ|ラベル",
}
_GUESSES = {fold(word): target for target, words in _HEADINGS.items() for word in words.split("|")}


class BadMapping(ValueError):
    """The columns cannot mean that. Codes: unknown_target, repeated_target, nothing_mapped, bad_key."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def guessed(headings: Sequence[str], own: Iterable[CustomField]) -> dict[str, str]:
    """What the headings say in English, Chinese or Japanese, and in the brand's own words: number to target."""
    known = dict(_GUESSES)
    for field in own:
        known[fold(field.title)] = known[fold(field.key)] = CUSTOM + field.key
    found: dict[str, str] = {}
    for number, heading in enumerate(headings):
        target = known.get(fold(heading.replace("_", " ")))
        if target is not None and (target in MANY or target not in found.values()):
            found[str(number)] = target
    return found


def checked(
    mapping: Mapping[str, str], headings: Sequence[str], own: Iterable[CustomField]
) -> dict[str, str]:
    """A mapping as it is stored; columns without a target are left out. Raises BadMapping."""
    known = {*TARGETS, *(CUSTOM + field.key for field in own)}
    places = {str(number) for number in range(len(headings))}
    found = {number: target for number, target in mapping.items() if target}
    if not found:
        raise BadMapping("nothing_mapped")
    if not known.issuperset(found.values()) or not places.issuperset(found):
        raise BadMapping("unknown_target")
    single = [target for target in found.values() if target not in MANY]
    if len(set(single)) != len(single):
        raise BadMapping("repeated_target")
    return found


def checked_keys(keys: Iterable[str], mapping: Mapping[str, str]) -> list[str]:
    """What tells a known contact, of what the table has. Raises BadMapping."""
    wanted = list(dict.fromkeys(keys))
    if any(key not in KEYS and not key.startswith(CUSTOM) for key in wanted):
        raise BadMapping("bad_key")
    return [key for key in wanted if key in mapping.values()]
