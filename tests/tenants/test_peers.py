"""Whose address a request counts under: the connection's, or what our own proxy says, never what the caller says."""

from __future__ import annotations

import pytest
from django.http import HttpRequest, HttpResponse
from pytest_django import Settings

from tenants.peers import PeerMiddleware, address_of, address_of_scope, limited_as


def seen_by_django(**meta: str) -> str:
    request = HttpRequest()
    request.META.update(meta)
    PeerMiddleware(lambda request: HttpResponse())(request)
    return str(request.META["REMOTE_ADDR"])


def test_without_a_proxy_the_header_is_not_read(settings: Settings) -> None:
    settings.BEHIND_PROXY = False
    assert seen_by_django(REMOTE_ADDR="198.51.100.7", HTTP_X_FORWARDED_FOR="203.0.113.9") == "198.51.100.7"


def test_behind_a_proxy_the_last_one_counts_whatever_the_caller_put_before_it(settings: Settings) -> None:
    settings.BEHIND_PROXY = True
    forwarded = "127.0.0.1, 192.0.2.1 ,203.0.113.9"
    assert seen_by_django(REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_FOR=forwarded) == "203.0.113.9"


@pytest.mark.parametrize("forwarded", ["", "unknown", "203.0.113.9,", "203.0.113.9:443", "a\x00b", "1,,"])
def test_what_is_no_address_leaves_the_connections_own(settings: Settings, forwarded: str) -> None:
    settings.BEHIND_PROXY = True
    assert address_of("10.0.0.1", forwarded) == "10.0.0.1"


def test_bare_connections_are_read_alike(settings: Settings) -> None:
    settings.BEHIND_PROXY = True
    two = [(b"x-forwarded-for", b"192.0.2.1"), (b"x-forwarded-for", b"203.0.113.9")]
    assert address_of_scope({"client": ("10.0.0.1", 5), "headers": two}) == "203.0.113.9"
    assert address_of_scope({"client": None, "headers": []}) == ""
    settings.BEHIND_PROXY = False
    assert address_of_scope({"client": ("10.0.0.1", 5), "headers": two}) == "10.0.0.1"


def test_a_network_of_ipv6_has_one_allowance_and_an_ipv4_address_its_own() -> None:
    assert (
        limited_as("2001:db8:0:1::1") == limited_as("2001:db8:0:1:ffff::2") != limited_as("2001:db8:0:2::1")
    )
    assert limited_as("192.0.2.1") == limited_as("::ffff:192.0.2.1") != limited_as("192.0.2.2")
    assert limited_as("") == ""
