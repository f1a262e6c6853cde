"""Where an alert's call may go: to public addresses, and to private ones only where the configuration names the host.

A URL that somebody can change must not make the bridge knock at what stands inside: the host's own services, the
metadata service of a cloud, a database without a password.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence

from app.ops.alerts.message import NotDelivered

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_OPEN = ipaddress.IPv6Network("2000::/3")
"""All that is given to the open internet; what lies beside it leads inside, or nowhere (IANA, RFC 4291)."""
_PROTOCOLS = ipaddress.IPv4Network("192.0.0.0/24")
"""For protocols (RFC 6890); a cloud has its metadata there."""


def addresses_of(host: str, port: int, private_hosts: Sequence[str] = ()) -> list[str]:
    """The addresses of a host that may be connected to, in the resolver's order: connect to these, not to the name.

    `private_hosts`: names, addresses and networks (``10.1.0.0/16``) that may be private. Raises NotDelivered when the
    host is unknown, or when none of its addresses may be connected to.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise NotDelivered("the host is unknown") from None
    texts = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if host.lower() in {name.lower() for name in private_hosts}:
        return texts
    networks = [ipaddress.ip_network(each, strict=False) for each in private_hosts if _is_network(each)]
    allowed = [text for text in texts if _may_be_called(ipaddress.ip_address(text.partition("%")[0]), networks)]
    if not allowed:
        raise NotDelivered("the address is not public; alerts.private_hosts may name it")
    return allowed


def is_public(address: Address) -> bool:
    """Whether an address belongs to the open internet, and so does the IPv4 address that may hide in it."""
    if isinstance(address, ipaddress.IPv6Address):
        hidden = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if address in _NAT64:
            hidden = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if hidden is not None:
            return is_public(hidden)
        if address not in _OPEN:
            return False
    elif address in _PROTOCOLS:
        return False
    return address.is_global and not address.is_multicast


def _may_be_called(address: Address, networks: Sequence[ipaddress.IPv4Network | ipaddress.IPv6Network]) -> bool:
    return is_public(address) or any(address in network for network in networks)


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return True
