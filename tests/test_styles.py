"""Style sheets that meet on one page keep out of each other's way."""

from __future__ import annotations

import re
from itertools import combinations
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
STYLES = ROOT / "static" / "css"
PAGES = {
    str(path.relative_to(ROOT)): found
    for path in sorted((ROOT / "templates").rglob("*.html"))
    if (found := re.findall(r"css/([a-z_]+)\.css", path.read_text()))
}


def laid_out(style: str) -> set[str]:
    """The classes that a sheet styles by themselves (`.ways { … }`). States (`.is-red`) are made to be shared."""
    text = re.sub(r"/\*.*?\*/", "", style, flags=re.S)
    text = re.sub(r"@media[^{]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}", "", text)
    selectors = [
        one.split("{")[-1].strip()
        for rule in re.findall(r"([^}]+)\{[^{}]*\}", text)
        for one in rule.split(",")
    ]
    return {one for one in selectors if re.fullmatch(r"\.[a-z-]+", one) and not one.startswith(".is-")}


@pytest.mark.parametrize("page", PAGES)
def test_no_class_is_laid_out_by_two_sheets_of_a_page(page: str) -> None:
    sheets = {name: laid_out((STYLES / f"{name}.css").read_text()) for name in {"base", *PAGES[page]}}
    shared = {
        (one, two): sheets[one] & sheets[two]
        for one, two in combinations(sorted(sheets), 2)
        if sheets[one] & sheets[two]
    }
    assert not shared


def test_a_class_of_two_sheets_is_seen() -> None:
    assert laid_out(
        "@layer a {\n  .ways { gap: 0; }\n  .ways a { gap: 0; }\n  .is-red, .top { gap: 0; }\n}"
    ) == {
        ".ways",
        ".top",
    }
    assert len(PAGES) > 5
    assert laid_out((STYLES / "desk.css").read_text()) >= {".list", ".composer", ".row"}
