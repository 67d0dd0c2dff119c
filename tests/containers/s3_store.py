"""s3_store -- the S3 stub of tests/e2e as a program, for run.sh: `s3_store.py HOST DIRECTORY`.

It writes its URL to DIRECTORY/url, reads what it is to do from DIRECTORY/mode at each request, keeps the objects as files
under DIRECTORY/objects, and adds a line to DIRECTORY/requests for each request about one, to DIRECTORY/kept for each PUT
that has stored something, and to DIRECTORY/keys for each request with a signature the key that signed it.

    well   it is a good server
    lost   what it gets is stored, the answer is 500, and nobody may look
    away   503 to everything
"""
import pathlib
import re
import sys
import threading

from s3_stub import ALWAYS, ANY, Step, Stub, error, honest, honest_put, is_check


class Store(Stub):
    def __init__(self, host, directory):
        self.directory = directory
        super().__init__([Step(ANY, self.act, times=ALWAYS)], host=host)

    def act(self, _, request):
        signed_by = re.search(r"Credential=([^/]+)/", request.headers.get("authorization", ""))
        if signed_by:
            self.note("keys", signed_by[1])
        mode = (self.directory / "mode").read_text().strip()
        if not is_check(request):
            self.note("requests", f"{mode} {request.method} {request.key}")
        if mode == "lost" and request.method == "PUT":
            honest_put(self, request)
        return honest(self, request) if mode == "well" else error(503 if mode == "away" or request.method != "PUT" else 500)(self, request)

    def keep(self, request):
        super().keep(request)
        if not is_check(request):
            path = self.directory / "objects" / request.key
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(request.body)
            self.note("kept", request.key)

    def note(self, name, line):
        with open(self.directory / name, "a") as file:
            file.write(line + "\n")


def main(host, directory):
    directory = pathlib.Path(directory)
    store = Store(host, directory)
    (directory / "url.new").write_text(store.url)
    (directory / "url.new").rename(directory / "url")
    threading.Event().wait()


main(*sys.argv[1:])
