"""senders -- they know from their kernel whether the collector has read an event, and send it again exactly if it has not.

A program that ends a connection with bytes that it has not read resets it, and bytes that come later are never acknowledged.
"""
import contextlib
import fcntl
import socket
import struct
import threading
import time

from support.waiting import PATIENCE, wait_for

EVENT = b"<EVENT><cn>%016d</cn></EVENT>"
EACH = 1_000_000  # numbers of one sender


def unacked(connection):
    return struct.unpack("i", fcntl.ioctl(connection, 0x5411, b"\0\0\0\0"))[0]  # SIOCOUTQ


def has_failed(connection):
    return connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) != 0


def is_taken(connection, data):
    """Sends one event on its own connection. True: the collector has read it. It ends the connection itself, and the kernel
    of a program that ends a connection with bytes that it has not read says so with a reset; bytes that come later are
    answered with one and never acknowledged. So an end without a reset, of acknowledged bytes, means that all were read."""
    try:
        assert connection.send(data) == len(data)  # in one segment, so it is read as a whole or not at all
        wait_for("an answer of the kernel", lambda: unacked(connection) == 0 or has_failed(connection))
        if unacked(connection) > 0:
            return False
        connection.shutdown(socket.SHUT_WR)
        return connection.recv(1) == b"" and not has_failed(connection)
    except (ConnectionResetError, BrokenPipeError):
        return False
    except OSError as e:
        if e.errno == 107:  # it is not connected any more: it was reset
            return False
        raise


class Sender(threading.Thread):
    """Sends one event after the other, each on a connection of its own and again until it is taken. Every fourth sender is
    slow: it connects, and has its event a moment later, so that a stop finds connections without one."""

    def __init__(self, address, number, ending):
        super().__init__(daemon=True)
        self.address, self.ending = address, ending
        self.next = number * EACH
        self.pause_s = 0.5 if number % 4 == 1 else 0  # longer than a stop reads what comes late
        self.taken = []    # (number, when its connection began)
        self.told = []     # (begin, end) of connections that were closed before their event was taken
        self.trouble = None  # what must never happen

    def run(self):
        try:
            while not self.ending.is_set():
                self.deliver()
        except Exception as e:  # a refused connection, too
            self.trouble = e

    def deliver(self):
        began = time.monotonic()
        with socket.create_connection(self.address, PATIENCE) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            time.sleep(self.pause_s)
            if is_taken(connection, EVENT % self.next):
                self.taken.append((self.next, began))
                self.next += 1
            else:
                self.told.append((began, time.monotonic()))


@contextlib.contextmanager
def sending(address, count, first=0):
    """So many senders send for as long as this lasts; the first one's numbers begin at `first` * EACH. None may have been
    refused, or have failed otherwise."""
    ending = threading.Event()
    senders = [Sender(address, first + number, ending) for number in range(count)]
    for sender in senders:
        sender.start()
    try:
        yield senders
    finally:
        ending.set()
    for sender in senders:
        sender.join(PATIENCE)
        assert sender.trouble is None and not sender.is_alive(), sender.trouble


def numbers_taken(senders):
    return sorted(number for sender in senders for number, _ in sender.taken)
