"""Whatever stands in the search box is answered, or refused in words."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from django.test import Client
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from contacts.models import Contact, Label
from contacts.search import rows as contact_rows
from conversations.search import rows
from tenants.directory import TenantRef
from tests.conversations.outgoing import a_conversation, an_inbox

pytestmark = pytest.mark.django_db

PIECES = st.sampled_from(
    [
        *(
            "label:",
            'label:"',
            "before:",
            "after:",
            "channel:",
            "assignee:",
            "in:",
            "is:",
            "before:9999-99-99",
        ),
        *(
            "9999-12-31",
            "0001-01-01",
            "after:0001-01-01",
            "before:2026-02-30",
            "：",
            "“",
            "”",
            '"',
            "'",
            "\\",
        ),
        *("%", "_", "&", "|", "!", "<->", ":*", "()", "*", "--", ";", "$$", "'::tsquery", "E'\\\\'"),
        *(
            "陳",
            "美玲",
            "退貨",
            "ア",
            "ｶﾞ",
            "\u202e",
            "\u200d",
            "\ufeff",
            "👨‍👩‍👧",
            "🏳️‍🌈",
            "\U0010ffff",
            "é",
            "ﬁ",
        ),
        *("0912", "+886", "00", "٠١٢٣٤", "１２３４５", "a", "\t", "\n", "\x1f", "\x7f", " "),
    ]
)


@given(st.lists(PIECES, max_size=12).map("".join))
@example("x" * 501)
@example("美" * 500)
@example("0" * 500)
@example('"' * 500)
@example("a b " * 120)
@settings(
    max_examples=20,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_no_text_breaks_the_box(as_alice: Client, in_acme: TenantRef, text: str) -> None:
    if not Contact.objects.exists():
        Label.objects.create(name="'); DROP TABLE x; --")
        talk = a_conversation(an_inbox("line"), text="退貨 <script>alert(1)</script> 0912 345 678")
        rows.write_from(None, 10)
        contact_rows.write_from(None, 10)
        assert talk.contact_id
    for query in ({"q": text}, {"q": text, "kind": "contacts"}, {"q": text, "kind": "messages"}):
        page = as_alice.get(f"/search/?{urlencode(query)}", headers={"HX-Request": "true"})
        assert page.status_code == 200
        assert b"<script>alert" not in page.content
