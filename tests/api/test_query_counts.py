"""How many queries a call costs, as committed; and that it does not grow with what there is."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from conversations.models import Conversation, Inbox
from tests.baselines import compare
from tests.conversations.outgoing import a_conversation, customer_writes
from tests.programs import Api

pytestmark = pytest.mark.django_db

PATHS = [
    "conversations",
    "conversations/{conversation}",
    "conversations/{conversation}/messages",
    "contacts",
    "contacts/{contact}",
    "search?q=more",
    "inboxes",
    "events",
]


@pytest.mark.parametrize("path", PATHS)
def test_a_call_costs_the_committed_number_of_queries_whatever_there_is(
    reader: Api, line: Inbox, conversation: Conversation, path: str
) -> None:
    path_of = path.format(conversation=conversation.id, contact=conversation.contact_id)
    reader.get(path_of)  # what is remembered for a while is remembered now
    few = _queries(reader, path_of)
    for _ in range(5):
        customer_writes(a_conversation(line), "more")
        customer_writes(conversation, "more")
    assert _queries(reader, path_of) == few
    compare("query_counts.json", few, part=f"GET /api/v1/{path}")


def _queries(api: Api, path: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert api.get(path).status_code == 200
    return len([query for query in queries if "SET search_path" not in query["sql"]])
