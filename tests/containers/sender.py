"""sender -- sends events until it is told to stop, each on a connection of its own, and again until it is taken:
`sender.py HOST PORT TAKEN STOP`. Writes to the file TAKEN the uid of each event that was taken, and ends when the file STOP is
there.

An event counts as taken if all of its bytes were acknowledged and the receiver then ended the connection without a reset: the
kernel of a program that ends a connection with bytes that it has not read says so with one.
"""
import fcntl
import pathlib
import socket
import struct
import sys
import threading
import time

SIOCOUTQ = 0x5411


def unacked(connection):
    return struct.unpack("i", fcntl.ioctl(connection, SIOCOUTQ, b"\0\0\0\0"))[0]


def is_taken(host, port, data):
    try:
        with socket.create_connection((host, port), 3) as connection:
            connection.sendall(data)
            end = time.monotonic() + 3
            while unacked(connection) > 0:
                if time.monotonic() > end:
                    return False
                time.sleep(0.001)
            connection.shutdown(socket.SHUT_WR)
            return connection.recv(1) == b"" and connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0
    except OSError:
        return False


def send(host, port, number, taken, lock, stop):
    count = 0
    while not stop.exists():
        count += 1
        uid = f"{number:04x}{count:012x}"
        while not is_taken(host, port, f"<EVENT><cn>{uid}</cn></EVENT>\n".encode()):
            if stop.exists():
                return
            time.sleep(0.05)
        with lock:
            taken.write(uid + "\n")
            taken.flush()
        time.sleep(0.005)


def main(host, port, taken, stop):
    lock = threading.Lock()
    with open(taken, "a", encoding="ascii") as file:
        threads = [threading.Thread(target=send, args=(host, int(port), n, file, lock, pathlib.Path(stop))) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


main(*sys.argv[1:])
