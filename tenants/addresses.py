"""Which network addresses our own requests may go to: the public internet, never our own house."""

from __future__ import annotations

import ipaddress
import socket

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052: the last 32 bits are an IPv4 address
_NAT64_LOCAL = ipaddress.IPv6Network("64:ff9b:1::/48")  # RFC 8215
_COMPATIBLE = ipaddress.IPv6Network("::/96")  # RFC 4291, withdrawn: an IPv4 address in its last 32 bits
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")  # RFC 4291: all that is routed
_DOCUMENTATION = ipaddress.IPv6Network("3fff::/20")  # RFC 9637
_CLOUD_HOSTS = frozenset(
    {ipaddress.IPv4Address("168.63.129.16")}
)  # a public number that Azure answers from inside


class AddressRefused(Exception):
    """The host's address lies inside a network that requests must not reach."""


def resolve(host: str, port: int, *, loopback_allowed: bool) -> list[str]:
    """The numeric addresses behind `host`, for connecting to exactly these.

    loopback_allowed: a development machine, whose doubles of the platforms run beside it. Raises
    AddressRefused when any of the addresses is not allowed, OSError when the name is not known.
    """
    try:
        rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        raise OSError("not a host name") from error
    found = list(dict.fromkeys(str(row[4][0]) for row in rows))
    for text in found:
        if not is_allowed(text, loopback_allowed=loopback_allowed):
            raise AddressRefused("the host's address is not a public one")
    return found


def is_allowed(text: str, *, loopback_allowed: bool) -> bool:
    """Whether a request may go to the numeric address `text`."""
    address: Address = ipaddress.ip_address(text.partition("%")[0])
    if loopback_allowed and address.is_loopback:
        return True
    return all(_is_public(part) for part in _meant(address))


def is_loopback(text: str) -> bool:
    """Whether the numeric address `text` is this very machine's own."""
    return ipaddress.ip_address(text.partition("%")[0]).is_loopback


def _is_public(address: Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address) and (
        address not in _GLOBAL_UNICAST or address in _DOCUMENTATION
    ):
        return False
    return address.is_global and not address.is_multicast and address not in _CLOUD_HOSTS


def _meant(address: Address) -> list[Address]:
    """The address and every IPv4 address that is written inside it."""
    if isinstance(address, ipaddress.IPv4Address):
        return [address]
    if address in _NAT64_LOCAL or address.teredo is not None:
        return [ipaddress.IPv4Address(0)]
    if address in _NAT64:
        return [ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)]
    inside = [part for part in (address.ipv4_mapped, address.sixtofour) if part is not None]
    if address in _COMPATIBLE:
        inside.append(ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF))
    return [*inside, address] if address.ipv4_mapped is None else [address.ipv4_mapped]
