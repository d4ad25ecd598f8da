"""Put on PYTHONPATH by tests/conftest.py, so that every Python the tests start watches its own sockets.

A connection or a name look-up that leaves this machine is written to the file named by LAB_NETWORK_VIOLATIONS, and
refused; the test that caused it then fails.
"""

import os
import socket
import sys

_LOOPBACK_NAMES = {"localhost", "", None, "0.0.0.0", "::", "::1"}


def _is_local(host):
    if isinstance(host, bytes):
        host = host.decode(errors="replace")
    return host in _LOOPBACK_NAMES or str(host).startswith("127.") or str(host).endswith(".localhost")


def _watch(event, arguments):
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else None  # a path is a Unix socket; None was connected before
    elif event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"):
        host = arguments[0]
        if host == socket.gethostname():
            return  # Jupyter asks for this machine's own addresses, which needs no network
    else:
        return
    if _is_local(host):
        return
    with open(os.environ["LAB_NETWORK_VIOLATIONS"], "a") as file:
        file.write(f"{event} {host!r} by {sys.argv[:3]}\n")
    raise PermissionError(f"the tests must not leave this machine: {event} {host!r}")


if os.environ.get("LAB_NETWORK_VIOLATIONS"):
    sys.addaudithook(_watch)
