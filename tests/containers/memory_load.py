"""memory_load -- many senders at once, each with the first half of a large event, then all of them with the rest:
`memory_load.py HOST PORT SENDERS EVENTS_OF_EACH`.
"""
import socket
import sys
import threading

SIZE = 1_000_000


def send(host, port, number, events, all_are_half_way):
    with socket.create_connection((host, port), 60) as connection:
        connection.settimeout(120)
        for event in range(events):
            head, tail = b"<EVENT><cn>%04x%012x</cn><pad>" % (number, event + 1), b"</pad></EVENT>"
            padding = b"x" * (SIZE - len(head) - len(tail))
            connection.sendall(head + padding[:200_000])
            all_are_half_way.wait(60)
            connection.sendall(padding[200_000:] + tail)
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(1) == b""


def main(host, port, senders, events):
    barrier = threading.Barrier(int(senders))
    failed = []

    def run(number):
        try:
            send(host, int(port), number, int(events), barrier)
        except Exception as e:
            failed.append(e)
            barrier.abort()

    threads = [threading.Thread(target=run, args=(n,)) for n in range(int(senders))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        sys.exit(f"{len(failed)} failed: {failed[0]!r}")


main(*sys.argv[1:])
