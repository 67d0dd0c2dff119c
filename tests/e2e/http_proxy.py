"""http_proxy -- a tiny HTTP proxy on the loopback: CONNECT, and http:// addresses. Notes the requests that it gets."""
import contextlib
import re
import socket
import threading


class Proxy:
    def __init__(self, *, route=None, refusal=None):
        """`route`: where everything goes instead of to the host that is named. `refusal`: its answer to everything."""
        self.route, self.refusal, self.requested, self.sockets = route, refusal, [], []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                client = self.listener.accept()[0]
                self.sockets.append(client)
                threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        with contextlib.suppress(OSError), client:
            head = b""
            while b"\r\n\r\n" not in head:
                if not (data := client.recv(65536)):
                    return
                head += data
            method, host, port = re.match(rb"(\S+) (?:http://)?\[?([^:/ \]]+)\]?(?::(\d+))?", head).groups()
            self.requested.append((method.decode(), host.decode()))
            if self.refusal:
                client.sendall(self.refusal)
                return
            with socket.create_connection(self.route or (host.decode(), int(port or 80))) as server:
                if method == b"CONNECT":
                    client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                else:
                    server.sendall(head)
                back = threading.Thread(target=self.copy, args=(server, client), daemon=True)
                back.start()
                self.copy(client, server)
                back.join()

    @staticmethod
    def copy(source, target):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_WR)

    def close(self):
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for client in self.sockets:
            with contextlib.suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)
