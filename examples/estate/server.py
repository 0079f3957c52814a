"""The smallest service that can be released: `python server.py --host 0.0.0.0 --port 8080`."""

import argparse
import signal
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BODIES = {"/": b'{"message": "hello"}', "/health": b'{"status": "ok"}'}


class Handler(BaseHTTPRequestHandler):
    """Answers each path of `BODIES`, over connections that stay open."""

    protocol_version = "HTTP/1.1"
    timeout = 75  # longer than a load balancer keeps an idle connection
    wbufsize = -1  # head and body in one packet

    def do_GET(self) -> None:
        """Answer."""
        body = BODIES.get(self.path)
        self.send_response(200 if body else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, *_: object) -> None:
        """Write nothing: the load balancer counts requests."""


class Server(ThreadingHTTPServer):
    """One thread a connection; none of them holds up the end of the process."""

    daemon_threads = True
    request_queue_size = 128


def main() -> None:
    """Serve until SIGTERM, which ECS sends once the load balancer has let go of the task."""
    parser = argparse.ArgumentParser(prog="server")
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", type=int, required=True)
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    Server((arguments.host, arguments.port), Handler).serve_forever()


if __name__ == "__main__":
    main()
