from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from pytest_django import Settings

from conversations.files import links
from conversations.files.links import Link, NotALink
from conversations.models import StoredFile
from tenants.directory import TenantRef

pytestmark = pytest.mark.django_db

NOW = 1_790_000_000


def a_file(**given: object) -> StoredFile:
    return StoredFile(**{"name": "報價 Mai.pdf", "mime": "application/pdf", **given})


def test_a_link_leads_back_to_its_file(acme: TenantRef) -> None:
    file = a_file()
    path = links.path_to(file, acme, timedelta(minutes=5), now=NOW)
    _, folder, token, name = path.split("/")
    assert (folder, name) == ("files", "Mai.pdf")
    assert links.read(token, acme.id, now=NOW + 299) == Link(file.id, False, NOW + 300)


def test_it_is_good_for_its_time_only(acme: TenantRef) -> None:
    token = links.write(Link(uuid4(), False, NOW), acme.id)
    assert links.read(token, acme.id, now=NOW - 1)
    with pytest.raises(NotALink):
        links.read(token, acme.id, now=NOW)


def test_it_is_good_for_its_brand_only(acme: TenantRef, globex: TenantRef) -> None:
    token = links.write(Link(uuid4(), False, NOW), acme.id)
    with pytest.raises(NotALink):
        links.read(token, globex.id, now=NOW - 1)


def test_no_sign_of_it_can_be_changed(acme: TenantRef) -> None:
    token = links.write(Link(uuid4(), False, NOW), acme.id)
    for place in range(len(token)):
        other = "B" if token[place] == "A" else "A"
        with pytest.raises(NotALink):
            links.read(token[:place] + other + token[place + 1 :], acme.id, now=NOW - 1)


@pytest.mark.parametrize("token", ["", "a", "é" * 60, "=" * 60, "A" * 59, "A" * 60])
def test_nonsense_is_no_link(acme: TenantRef, token: str) -> None:
    with pytest.raises(NotALink):
        links.read(token, acme.id)


def test_a_small_picture_has_a_link_of_its_own(acme: TenantRef) -> None:
    path = links.path_to(a_file(name="茶.png", mime="image/png"), acme, timedelta(minutes=5), thumbnail=True)
    _, _, token, name = path.split("/")
    assert name == "file.jpg"
    assert links.read(token, acme.id).is_thumbnail


def test_links_survive_a_change_of_the_secret(acme: TenantRef, settings: Settings) -> None:
    token = links.write(Link(uuid4(), False, NOW), acme.id)
    former, settings.SECRET_KEY = settings.SECRET_KEY, "another secret that is long enough for this"
    with pytest.raises(NotALink):
        links.read(token, acme.id, now=NOW - 1)
    settings.SECRET_KEY_FALLBACKS = [former]
    assert links.read(token, acme.id, now=NOW - 1)


def test_a_platform_gets_an_address_on_the_brands_own_host(acme: TenantRef, settings: Settings) -> None:
    settings.PUBLIC_URL = "https://desk.kontor.invalid"
    address = links.address_of(a_file(name="a b?.jpg", mime="image/jpeg"), acme)
    assert address.startswith("https://acme.localhost/files/")
    assert address.endswith("/a-b.jpg")
