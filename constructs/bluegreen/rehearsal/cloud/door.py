"""The endpoint's socket and application, closed to callers while the control planes are down."""

import socket
import struct
from collections.abc import Awaitable, Callable
from typing import Any

from hypercorn.config import Config, Sockets

from .clock import Gate

_AT_ONCE = struct.pack("ii", 1, 0)
"""SO_LINGER: on, for 0 s: closing resets the connection."""

App = Callable[[Any, Any, Any], Awaitable[None]]


class Door(socket.socket):
    """A listening socket that resets new connections while the gate is closed.

    A port that nobody listens on would refuse them; to a client both are a connection that failed.
    """

    gate: Gate

    def accept(self) -> tuple[socket.socket, Any]:
        """Accept a connection, or reset it and say that there is none."""
        connection, address = super().accept()
        if self.gate.is_open:
            return connection, address
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
        connection.close()
        raise BlockingIOError


class DoorConfig(Config):
    """Hypercorn's configuration, listening behind a door.

    Args:
        gate: Closed while the control planes are down.
    """

    def __init__(self, gate: Gate) -> None:
        super().__init__()
        self._gate = gate

    def create_sockets(self) -> Sockets:
        """Return the sockets to listen on."""
        made = super().create_sockets()
        made.insecure_sockets = [self._behind_door(one) for one in made.insecure_sockets]
        return made

    def _behind_door(self, plain: socket.socket) -> Door:
        door = Door(fileno=plain.detach())
        door.setblocking(False)
        door.gate = self._gate
        return door


def closing(app: App, gate: Gate) -> App:
    """Return an ASGI application that refuses, on connections from before, whatever comes while the gate is closed."""

    async def serve(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or gate.is_open:
            await app(scope, receive, send)
            return
        headers = [(b"connection", b"close"), (b"content-length", b"0")]
        await send({"type": "http.response.start", "status": 503, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    return serve
