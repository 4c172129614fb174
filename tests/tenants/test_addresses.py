from __future__ import annotations

import pytest

from tenants import addresses
from tenants.addresses import AddressRefused

INSIDE = [
    "127.0.0.1", "127.8.9.1", "0.0.0.0", "10.0.0.1", "172.16.3.4", "192.168.1.1", "100.64.0.1",
    "169.254.169.254", "100.100.100.200", "168.63.129.16", "192.0.0.1", "198.18.0.1", "224.0.0.1",
    "240.0.0.1", "255.255.255.255", "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1",
    "::ffff:10.0.0.1", "::ffff:169.254.169.254", "fd00:ec2::254", "fe80::1", "fe80::1%eth0",
    "ff02::1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::808:808", "2002:7f00:1::",
    "2002:a00:1::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:db8::1",
    "fec0::1", "5f00::1", "3fff::1", "::ffff:0:10.0.0.1",
]  # fmt: skip
OUTSIDE = ["8.8.8.8", "147.92.1.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]
WRITTEN_ODDLY = ["2130706433", "0x7f.1", "0177.0.0.1", "localhost", "127.1"]


@pytest.mark.parametrize("address", INSIDE)
def test_no_request_goes_to_an_address_inside(address: str) -> None:
    assert not addresses.is_allowed(address, loopback_allowed=False)


@pytest.mark.parametrize("address", OUTSIDE)
def test_requests_go_to_public_addresses(address: str) -> None:
    assert addresses.is_allowed(address, loopback_allowed=False)


@pytest.mark.parametrize("host", WRITTEN_ODDLY)
def test_a_loopback_address_is_found_however_it_is_written(host: str) -> None:
    with pytest.raises(AddressRefused):
        addresses.resolve(host, 443, loopback_allowed=False)


@pytest.mark.parametrize("address", sorted(set(INSIDE) - {"127.0.0.1", "127.8.9.1", "::1"}))
def test_a_development_machine_opens_its_loopback_and_nothing_else(address: str) -> None:
    assert addresses.is_allowed("127.0.0.1", loopback_allowed=True)
    assert addresses.is_allowed("::1", loopback_allowed=True)
    assert not addresses.is_allowed(address, loopback_allowed=True)


def test_a_host_with_one_address_inside_is_refused_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [(2, 1, 6, "", ("8.8.8.8", 443)), (2, 1, 6, "", ("10.0.0.1", 443))]
    monkeypatch.setattr(addresses.socket, "getaddrinfo", lambda *args, **kwargs: rows)
    with pytest.raises(AddressRefused):
        addresses.resolve("rebinding.test", 443, loopback_allowed=False)


def test_a_name_that_is_no_name_is_unknown() -> None:
    with pytest.raises(OSError):
        addresses.resolve("a" * 80 + ".test", 443, loopback_allowed=False)
