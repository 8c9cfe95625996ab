"""The sandbox's stand-ins behind Python's own HTTP server, which costs about what an ordinary application server does.

The sandbox's own server is as cheap as it can be, so that it takes little from the program that is measured. How much
of the two cores a far end takes decides how much of it a bridge can do at the same time.
"""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from sandbox.http_stand_in import Application
from sandbox.messages import Request


class StandardServer(ThreadingHTTPServer):
    """Serves one application on a free loopback port, without faults."""

    daemon_threads = True

    def __init__(self, application: Application) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.application = application
        Thread(target=self.serve_forever, daemon=True).start()

    @property
    def root(self) -> str:
        """Scheme, host and port, without a path."""
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: StandardServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        """Answer as the stand-in does."""
        path, _, query = self.path.partition("?")
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(headers.get("content-length") or 0))
        request = Request(self.command, path, query, headers, body)
        application = self.server.application
        self.wfile.write(application.answer(request, application.operation(request)).wire())

    do_POST = do_GET  # noqa: N815 - the base class calls it so

    def log_message(self, *_: object) -> None:
        """Nothing is printed."""
