"""The OpenAPI description: complete, true to the answers, and unchanged unless somebody means it."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

import pytest
from django.test import Client
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema
from rest_framework.test import APIClient

from config import api as routes
from conversations.models import Conversation
from tests.baselines import compare
from tests.programs import Api

pytestmark = pytest.mark.django_db


@cache
def described() -> dict[str, Any]:
    schema: dict[str, Any] = SchemaGenerator(urlconf="config.urls").get_schema(request=None, public=True)
    return json.loads(json.dumps(schema, default=str))


def test_the_description_is_valid_openapi_and_as_committed() -> None:
    schema = described()
    validate_schema(schema)
    compare("openapi.json", schema)


def test_every_route_is_described_and_asks_for_a_token() -> None:
    schema = described()
    listed = {re.sub(r"\{\w+\}", "", path.removeprefix("/api/v1/")) for path in schema["paths"]}
    own = {re.sub(r"<\w+:\w+>", "", str(pattern.pattern)) for pattern in routes.urlpatterns}
    assert listed == own - {"", "schema/", "docs/"}
    operations = [one for methods in schema["paths"].values() for one in methods.values()]
    assert all(operation["security"] == [{"token": []}] for operation in operations)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("conversations", "ConversationPage"),
        ("conversations/{conversation}", "ConversationRow"),
        ("conversations/{conversation}/messages", "MessagePage"),
        ("contacts", "ContactPage"),
        ("contacts/{contact}", "ContactWithIdentities"),
        ("events", "EventPage"),
    ],
)
def test_answers_have_the_fields_that_are_described(
    reader: Api, conversation: Conversation, path: str, name: str
) -> None:
    answer = reader.get(path.format(conversation=conversation.id, contact=conversation.contact_id))
    _like(answer.json(), {"$ref": f"#/components/schemas/{name}"}, described()["components"]["schemas"], name)


def _like(value: Any, shape: dict[str, Any], schemas: dict[str, Any], place: str) -> None:
    if "$ref" in shape:
        shape = schemas[shape["$ref"].rpartition("/")[2]]
    if "properties" in shape and isinstance(value, dict):
        optional = set(shape["properties"]) - set(shape.get("required", []))
        assert set(value) | optional == set(shape["properties"]), place
        for key, inner in value.items():
            _like(inner, shape["properties"][key], schemas, f"{place}.{key}")
    elif shape.get("type") == "array":
        for one in value:
            _like(one, shape["items"], schemas, place)


def test_the_browsable_page_carries_no_script_or_style_of_its_own(as_stranger: Client) -> None:
    html = as_stranger.get("/api/v1/docs/").content.decode()
    assert "<style" not in html
    assert " style=" not in html
    assert re.findall(r"<script(?![^>]*\bsrc=)", html) == []
    script = as_stranger.get("/api/v1/docs/", {"script": ""})
    assert script["Content-Type"].startswith("application/javascript")
    assert APIClient(headers={"host": "acme.localhost"}).get("/api/v1/schema/").status_code == 200
