"""The addresses of this machine in the networks that it is in."""

import ipaddress
import socket

import psutil

# What containers, virtual machines and tunnels call their networks: no attendee is in them.
INNER = ("docker", "br-", "veth", "virbr", "vmnet", "vboxnet", "utun", "tun", "tap", "tailscale")


def in_the_room() -> list[str]:
    """IPv4 addresses that neighbors may reach, likeliest first."""
    up = {name for name, state in psutil.net_if_stats().items() if state.isup}
    found = [
        (name, one.address)
        for name, every in psutil.net_if_addrs().items()
        for one in every
        if name in up and one.family == socket.AF_INET and _is_reachable(one.address)
    ]
    outward = _outward()
    found.sort(key=lambda one: (one[1] != outward, one[0].startswith(INNER)))
    return [address for name, address in found]


def _is_reachable(address: str) -> bool:
    ip = ipaddress.ip_address(address)
    return not (ip.is_loopback or ip.is_link_local)


def _outward() -> str | None:
    """The one from which this machine would reach the internet. Connecting a UDP socket sends
    nothing; 192.0.2.1 is kept for examples (RFC 5737)."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return None
        return probe.getsockname()[0]
