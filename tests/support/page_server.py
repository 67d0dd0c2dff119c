"""page_server -- serves the status page as the collector does, with documents that a test prescribes."""
import base64
import contextlib
import hashlib
import http.server
import json
import re
import threading

from support.environment import ROOT

PAGE = ROOT / "common/status/page"


def whole_page():
    """As common/status/page/embed.awk puts it together."""
    page = (PAGE / "page.html").read_text(encoding="utf-8")
    for tag, name in (("style", "page.css"), ("script", "page.js")):
        page = page.replace(f"<{tag}></{tag}>", f"<{tag}>\n{(PAGE / name).read_text(encoding='utf-8')}</{tag}>")
    return page


def policy(page):
    """The Content-Security-Policy that lets this page's own style and script in, and nothing else."""
    def source(tag):
        (text,) = re.findall(f"<{tag}>(.*?)</{tag}>", page, re.S)
        return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"
    return (f"default-src 'none'; script-src {source('script')}; style-src {source('style')}; connect-src 'self'; img-src data:; "
            "base-uri 'none'; form-action 'none'; frame-ancestors 'none'")


class PageServer:
    """`document` is answered to each request for /status.json; None: an answer of 503. `asked` counts them."""

    def __init__(self, document=None):
        self.document, self.asked = document, 0
        page = whole_page()
        answers = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                if self.path == "/":
                    self.answer(200, "text/html; charset=utf-8", page.encode(), policy(page))
                elif self.path == "/status.json" and answers.document is not None:
                    self.answer(200, "application/json", json.dumps(answers.document, indent="\t").encode())
                else:
                    self.answer(503 if self.path == "/status.json" else 404, "text/plain", b"")
                answers.asked += self.path == "/status.json"

            def answer(self, status, kind, body, policy_of_page=None):
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.send_header("X-Content-Type-Options", "nosniff")
                if policy_of_page:
                    self.send_header("Content-Security-Policy", policy_of_page)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@contextlib.contextmanager
def page_server(document=None):
    with contextlib.closing(PageServer(document)) as server:
        yield server
