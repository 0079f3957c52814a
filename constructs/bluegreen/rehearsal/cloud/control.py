"""The local cloud's control port: what an operator would look at, the journal, and the faults to inject."""

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from .journal import Journal


class Control:
    """An HTTP server on loopback: GET /state, GET /journal?since=N, POST /faults.

    Args:
        port: Where to listen on 127.0.0.1; 0 takes a free port.
        snapshots: For each part of the cloud, a function that describes its present state in JSON's types.
        journal: What happened so far.
        inject: Takes a fault document; raises ValueError when it does not understand it.
    """

    def __init__(
        self,
        port: int,
        *,
        snapshots: Mapping[str, Callable[[], Any]],
        journal: Journal,
        inject: Callable[[dict[str, Any]], None],
    ) -> None:
        self._snapshots = snapshots
        self._journal = journal
        self._inject = inject
        self._server = ThreadingHTTPServer(("127.0.0.1", port), self._handler())
        self._server.daemon_threads = True

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def start(self) -> None:
        """Serve from a thread of its own."""
        threading.Thread(target=self._server.serve_forever, name="control", daemon=True).start()

    def stop(self) -> None:
        """Stop serving and free the port."""
        self._server.shutdown()
        self._server.server_close()

    def get(self, path: str, query: Mapping[str, list[str]]) -> Any:
        """Answer a GET request; None when there is nothing at `path`."""
        if path == "/state":
            return {name: snapshot() for name, snapshot in self._snapshots.items()}
        if path == "/journal":
            since = int(query.get("since", ["0"])[0])
            entries = self._journal.since(since)
            return {"entries": [asdict(entry) for entry in entries], "next": since + len(entries)}
        return None

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        control = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                url = urlsplit(self.path)
                found = control.get(url.path, parse_qs(url.query))
                self._answer(200 if found is not None else 404, found)

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                if urlsplit(self.path).path != "/faults":
                    return self._answer(404, None)
                try:
                    control._inject(json.loads(body))
                except ValueError as error:
                    return self._answer(400, {"error": str(error)})
                return self._answer(200, {})

            def _answer(self, status: int, document: Any) -> None:
                body = json.dumps(document).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Stay silent: the journal tells what happened."""

        return Handler
