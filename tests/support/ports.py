"""ports -- TCP ports of 127.0.0.1 that no other test of this machine uses, whatever runs beside it.

They lie below those that the kernel gives to outgoing connections: a connection to a port of those that nobody listens on
yet may reach itself. A reservation is a socket in the kernel's abstract namespace, named after the port: it is exclusive
among all processes, needs no file, and ends with the process.
"""
import pathlib
import random
import socket

FIRST, LAST = 20000, 32000
_reservations = {}  # port: its socket


def used_ports():
    """The local ports of all sockets. Read, not tried: a program that another thread starts just then would inherit the
    socket of the try, and keep its port until it has replaced itself."""
    tables = (pathlib.Path(f"/proc/net/{name}") for name in ("tcp", "tcp6"))
    rows = (line.split() for table in tables if table.exists() for line in table.read_text().splitlines()[1:])
    return {int(row[1].rpartition(":")[2], 16) for row in rows}


def _reserve(port):
    reservation = socket.socket(socket.AF_UNIX)
    try:
        reservation.bind(f"\0eventspool-test-port-{port}")
    except OSError:
        reservation.close()
        return False
    _reservations[port] = reservation
    return True


def reserve_ports(*offsets):
    """The first of some ports that are free, so far apart; all of them are the caller's."""
    for first in random.sample(range(FIRST, LAST), LAST - FIRST):
        ports = [first + offset for offset in offsets]
        reserved = [port for port in ports if _reserve(port)]
        if reserved == ports and used_ports().isdisjoint(ports):
            return first
        for port in reserved:
            _reservations.pop(port).close()
    raise AssertionError("no port is free")


def reserve_port():
    return reserve_ports(0)
