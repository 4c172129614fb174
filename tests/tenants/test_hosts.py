"""Host -> tenant: the Domain table decides, and a host nobody registered gets nothing, not even a session."""

from __future__ import annotations

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import AsyncRequestFactory, RequestFactory
from django.test.utils import CaptureQueriesContext

from tenants import directory, provisioning
from tenants.hosts import HostMiddleware, host_of
from tenants.models import Domain, Tenant
from tenants.scope import NoTenant, scoped_tenant

pytestmark = pytest.mark.django_db

SERVED = ["acme.localhost", "ACME.localhost", "Acme.Localhost:8000", "acme.localhost:443", "acme.localhost:1"]
REFUSED = [
    "",
    "unknown.localhost",
    "acme.localhost.",
    "acme.localhost:",
    "acme.localhost:port",
    "acme.localhost:999999",
    "acme.localhost:80:80",
    "acme.localhost:８０",
    "http://acme.localhost/",
    "//acme.localhost",
    "acme.localhost/admin",
    "user@acme.localhost",
    "acme.localhost, globex.localhost",
    "acme.localhost globex.localhost",
    " acme.localhost",
    "acme.localhost\n",
    "acme.localhost\x00",
    "acme.localhost.evil.test",
    "evil-acme.localhost",
    ".acme.localhost",
    "acme..localhost",
    "*.localhost",
    "%61cme.localhost",
    "ａcme.localhost",
    "10.0.0.1",
    "[::1]",
    "[::1]:8000",
    "acme_localhost",
    "'; DROP SCHEMA public; --",
    "a" * 5000,
]


def view(request) -> HttpResponse:
    return HttpResponse(scoped_tenant().schema_name)


def over_asgi(hosts: list[str], **headers: str) -> HttpResponse:
    request = AsyncRequestFactory().get("/", headers=headers)
    request.scope["headers"] = [(name.encode(), value.encode()) for name, value in headers.items()]
    request.scope["headers"] += [(b"host", host.encode("utf-8")) for host in hosts]
    return HostMiddleware(view)(request)


def over_wsgi(host: str, **headers: str) -> HttpResponse:
    return HostMiddleware(view)(
        RequestFactory(SERVER_NAME="acme.localhost").get("/", HTTP_HOST=host, headers=headers)
    )


@pytest.mark.parametrize("host", SERVED)
def test_a_brands_host_is_served_whatever_its_case_and_port(acme, host):
    for response in (over_asgi([host]), over_wsgi(host)):
        assert response.status_code == 200
        assert response.content.decode() == acme.schema_name


@pytest.mark.parametrize("host", REFUSED)
def test_any_other_form_is_a_plain_404(acme, host):
    for response in (over_asgi([host]), over_wsgi(host)):
        assert response.status_code == 404
        assert response.content == b""
        assert not response.cookies


@pytest.mark.parametrize(
    "hosts",
    [
        ["acme.localhost", "acme.localhost"],
        ["acme.localhost", "globex.localhost"],
        ["acme.localhost", ""],
        [],
    ],
)
def test_two_host_lines_or_none_are_refused(acme, hosts):
    assert over_asgi(hosts).status_code == 404
    assert host_of([(b"host", host.encode()) for host in hosts]) is None


@pytest.mark.parametrize(
    "name", ["x-forwarded-host", "forwarded", "x-host", "x-forwarded-server", "x-original-host"]
)
def test_what_a_stranger_says_about_the_host_elsewhere_is_not_heard(acme, globex, name):
    value = "host=globex.localhost" if name == "forwarded" else "globex.localhost"
    for response in (
        over_asgi(["acme.localhost"], **{name: value}),
        over_wsgi("acme.localhost", **{name: value}),
    ):
        assert response.content.decode() == acme.schema_name
    for response in (
        over_asgi(["unknown.localhost"], **{name: value}),
        over_wsgi("unknown.localhost", **{name: value}),
    ):
        assert response.status_code == 404


def test_the_platforms_host_has_its_own_urls_and_no_tenant(acme, settings):
    def public_view(request):
        with pytest.raises(NoTenant):
            scoped_tenant()
        assert request.tenant is None
        return HttpResponse(request.urlconf)

    request = RequestFactory().get("/", headers={"host": settings.PUBLIC_HOSTS[0]})
    assert HostMiddleware(public_view)(request).content.decode() == settings.PUBLIC_URLCONF


@pytest.mark.parametrize("act", [provisioning.suspend, provisioning.close])
@pytest.mark.django_db(transaction=True)
def test_a_brand_that_is_not_active_is_not_there_and_its_neighbour_is(acme, globex, act):
    tenant = Tenant.objects.get(slug="acme")
    assert over_asgi(["acme.localhost"]).status_code == 200
    act(tenant)
    assert over_asgi(["acme.localhost"]).status_code == 404
    assert over_asgi(["globex.localhost"]).status_code == 200
    provisioning.resume(tenant)
    assert over_asgi(["acme.localhost"]).status_code == 200


def test_a_further_domain_leads_to_the_same_brand(acme):
    Domain.objects.create(domain="help.acme.test", tenant_id=acme.id, is_primary=False)
    assert over_asgi(["help.acme.test"]).content.decode() == acme.schema_name
    assert directory.tenant_by_host("help.acme.test").primary_host == "acme.localhost"


def test_a_storm_for_an_unknown_host_costs_one_query(acme):
    with CaptureQueriesContext(connection) as queries:
        for _ in range(20):
            assert over_asgi(["unknown.localhost"]).status_code == 404
    assert len(queries) == 1


def test_a_known_host_costs_no_query_once_it_is_remembered(acme):
    over_asgi(["acme.localhost"])
    with CaptureQueriesContext(connection) as queries:
        assert over_asgi(["acme.localhost"]).status_code == 200
    assert len(queries) == 0


def test_a_view_that_raises_leaves_no_scope_behind(acme):
    def broken(request):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        HostMiddleware(broken)(RequestFactory().get("/", headers={"host": "acme.localhost"}))
    with pytest.raises(NoTenant):
        scoped_tenant()
