"""Where an address given by a company may lead: out into the public internet, and nowhere else.

Without this, a webhook to http://169.254.169.254 or to the database's own network would let a customer's
administrator read what only our servers may reach (server-side request forgery).
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket

from crm.kit.errors import Refused, Unavailable

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

ADDRESSES_TRIED_MAX = 3
# NAT64 (RFC 6052): an IPv4 address in the last 32 bits, which a gateway may translate.
_NAT64 = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("64:ff9b:1::/48"))


async def resolve(host: str, port: int, *, public_only: bool) -> list[str]:
    """The addresses to connect to, at most ADDRESSES_TRIED_MAX. The caller connects to these and does not ask
    the name again, since a second answer could lead elsewhere.

    Raises Refused when one of them is not public, Unavailable when the name is not known.
    """
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Unavailable(f"The name {host} is not known.", code="name-not-known") from error
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if public_only and not all(is_public(address) for address in addresses):
        raise Refused(f"{host} leads into a private network.", code="private-address")
    return addresses[:ADDRESSES_TRIED_MAX]


def is_public(text: str) -> bool:
    """Whether this IP address belongs to the public internet; one that wraps others does when all of them do."""
    address: Address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address) and (inner := _wrapped(address)):
        return all(_is_global(one) for one in inner)
    return _is_global(address)


def _is_global(address: Address) -> bool:
    return address.is_global and not address.is_multicast and not address.is_reserved


def _wrapped(address: ipaddress.IPv6Address) -> list[ipaddress.IPv4Address]:
    """The IPv4 addresses that a packet to this one may be passed on to."""
    if address.ipv4_mapped is not None:
        return [address.ipv4_mapped]
    if address.sixtofour is not None:
        return [address.sixtofour]
    if address.teredo is not None:
        return list(address.teredo)
    if any(address in network for network in _NAT64):
        return [ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)]
    return []
