"""The interface speaks three languages: every string is translated, compiles, and keeps its placeholders."""

from __future__ import annotations

import re
from pathlib import Path

import polib
import pytest
from django.conf import settings
from django.template import Engine
from django.utils import translation
from django.utils.translation import gettext, to_locale

from config import catalogs

ROOT = Path(settings.ROOT)
LANGUAGES = [code for code, _name in settings.LANGUAGES if code != "en"]
EVERY_CATALOG = sorted((ROOT / "locale").rglob("*.po"))


def catalog_of(language: str) -> polib.POFile:
    return polib.pofile(str(ROOT / "locale" / to_locale(language) / "LC_MESSAGES" / "django.po"))


def strings_in_template(source: str) -> list[str]:
    return [found.msgid for found in catalogs.in_template(source, "x.html", Engine.get_default())]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_string_of_the_product_is_translated(language: str) -> None:
    translated = {(entry.msgctxt or "", entry.msgid) for entry in catalog_of(language) if entry.translated()}
    missing = {(string.msgctxt, string.msgid) for string in catalogs.find(ROOT)} - translated
    assert not missing


@pytest.mark.parametrize("language", LANGUAGES)
def test_catalogs_hold_nothing_that_the_product_no_longer_says(language: str) -> None:
    said = {(string.msgctxt, string.msgid) for string in catalogs.find(ROOT)}
    assert {(entry.msgctxt or "", entry.msgid) for entry in catalog_of(language)} <= said


@pytest.mark.parametrize("path", EVERY_CATALOG, ids=lambda path: path.parent.parent.name)
def test_a_translation_keeps_the_placeholders_of_its_string(path: Path) -> None:
    entries = [entry for entry in polib.pofile(str(path)) if entry.translated()]
    assert entries
    for entry in entries:
        for translated in entry.msgstr_plural.values() or [entry.msgstr]:
            assert catalogs.placeholders(translated) == catalogs.placeholders(
                entry.msgid_plural or entry.msgid
            ), entry.msgid


@pytest.mark.parametrize("path", EVERY_CATALOG, ids=lambda path: path.parent.parent.name)
def test_a_translation_keeps_the_markup_of_its_string(path: Path) -> None:
    for entry in polib.pofile(str(path)):
        if entry.msgstr:
            assert entry.msgstr.count("<") == entry.msgid.count("<"), entry.msgid


@pytest.mark.parametrize("language", LANGUAGES)
def test_chinese_and_japanese_have_their_own_punctuation(language: str) -> None:
    entries = catalog_of(language)
    said = [text for entry in entries for text in (entry.msgstr, *entry.msgstr_plural.values())]
    assert not [text for text in said if re.search(r"[\u3040-\u30ff\u3400-\u9fff][,;:!?()]", text)]


def test_a_catalog_compiles_to_what_gettext_reads(tmp_path: Path) -> None:
    source = tmp_path / "ja" / "LC_MESSAGES" / "django.po"
    source.parent.mkdir(parents=True)
    source.write_bytes((ROOT / "locale/ja/LC_MESSAGES/django.po").read_bytes())
    [compiled] = catalogs.compile_all([tmp_path])
    assert {entry.msgid: entry.msgstr for entry in polib.mofile(str(compiled))}["Inbox"] == "受信トレイ"


@pytest.mark.parametrize(("language", "word"), [("zh-hant", "收件匣"), ("ja", "受信トレイ"), ("en", "Inbox")])
def test_the_product_speaks_what_the_catalog_says(language: str, word: str) -> None:
    catalogs.compile_all(Path(folder) for folder in settings.LOCALE_PATHS)
    translation.trans_real._translations.clear()
    with translation.override(language):
        assert gettext("Inbox") == word


def test_strings_are_found_in_python_whatever_their_call_is_called() -> None:
    calls = (
        'a = _("one")',
        'b = ngettext("two", "twos", n)',
        'c = pgettext("verb", "open")',
        'd = other("no")',
    )
    source = "\n".join(calls)
    found = list(catalogs.in_python(source, "x.py"))
    assert [(each.msgid, each.msgid_plural, each.msgctxt) for each in found] == [
        ("one", "", ""),
        ("two", "twos", ""),
        ("open", "", "verb"),
    ]


def test_a_string_put_together_at_run_time_is_refused_and_a_literal_is_taken() -> None:
    with pytest.raises(catalogs.Unreadable):
        list(catalogs.in_python('a = _(f"{n} new")', "x.py"))
    assert [found.msgid for found in catalogs.in_python('a = _("%(n)d new") % {"n": n}', "x.py")] == [
        "%(n)d new"
    ]


def test_strings_are_found_in_every_branch_of_a_template() -> None:
    source = """{% load i18n %}{% if a %}{% translate "yes" %}{% elif b %}{% translate "maybe" as x %}{% else %}
      {% for n in c %}{% translate "one" %}{% empty %}{% translate "none" %}{% endfor %}{% endif %}
      {% with d=1 %}{% blocktranslate trimmed with name=e %}
        Hello {{ name }}, 90 %
      {% endblocktranslate %}{% endwith %}{% block f %}{% translate "in a block" %}{% endblock %}"""
    assert strings_in_template(source) == [
        "yes",
        "maybe",
        "one",
        "none",
        "Hello %(name)s, 90 %%",
        "in a block",
    ]


def test_a_templates_string_is_found_with_its_context() -> None:
    source = """{% load i18n %}{% translate "Open" context "verb" %}{% translate "Open" %}"""
    found = catalogs.in_template(source, "x.html", Engine.get_default())
    assert [(each.msgid, each.msgctxt) for each in found] == [("Open", "verb"), ("Open", "")]


def test_new_strings_come_in_lost_ones_go_and_translations_stay() -> None:
    catalog = polib.POFile()
    catalog.append(polib.POEntry(msgid="kept", msgstr="geblieben"))
    catalog.append(polib.POEntry(msgid="lost", msgstr="verloren"))
    catalogs.update(
        catalog,
        [catalogs.Found("kept", "a.py"), catalogs.Found("new", "b.py"), catalogs.Found("kept", "b.py")],
    )
    assert {entry.msgid: entry.msgstr for entry in catalog} == {"kept": "geblieben", "new": ""}
