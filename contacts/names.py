"""How a person is called: the name as given, never split, with the form of address where its language has it."""

from __future__ import annotations

HONORIFICS = {
    "zh": ("先生", "小姐", "女士", "老師"),
    "ja": ("様", "さん", "先生"),
    "en": ("Ms", "Mr", "Mx", "Dr"),
}
"""What is offered, by language; anything else may be written."""

LONGEST = 20


def addressed(name: str, honorific: str) -> str:
    """The name with its form of address: Ms Chen, 陳美玲小姐, 山田 花子 様. Empty where there is no name."""
    if not name or not honorific:
        return name
    if honorific[0].isascii():
        return f"{honorific} {name}"
    return f"{name} {honorific}" if " " in name or "\u3000" in name else f"{name}{honorific}"


def offered(language: str) -> tuple[str, ...]:
    """The forms of address of a language tag, of all languages where we know none for it."""
    known = HONORIFICS.get(language.partition("-")[0].lower())
    return known or tuple(dict.fromkeys(each for group in HONORIFICS.values() for each in group))
