"""Makes HAProxy do what a configuration says, by the gentlest means: commands when they suffice, else a reload."""

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from .haproxy import Haproxy
from .haproxy_config import add_server, files, maps
from .traffic import Backend, Configuration, Forward, Frontend, Route


@dataclass(frozen=True)
class Change:
    """What leads from one configuration to the next.

    Args:
        reload: Whether the structure differs: listeners, routes, certificates or target groups.
        servers: Commands for servers that come, go, or start or stop taking requests.
        maps: Names of the maps whose content differs.
    """

    reload: bool
    servers: tuple[str, ...] = ()
    maps: tuple[str, ...] = ()


class DataPlane:
    """Traffic, as it is now and as it should be.

    Args:
        folder: Where HAProxy's files are written; must exist.
        on_line: Called on a thread of its own with each access-log line, in `haproxy_config.LOG_FORMAT`.
    """

    def __init__(self, folder: Path, on_line: Callable[[str], None]) -> None:
        self._folder = folder
        self._haproxy = Haproxy(folder, on_line)
        self._lock = threading.Lock()
        self._current = Configuration()
        self._known: set[tuple[str, str]] = set()

    def start(self) -> None:
        """Start HAProxy with nothing to do.

        Raises:
            HaproxyError: If it cannot be started.
        """
        self._write(self._current)
        self._haproxy.start()

    def apply(self, wanted: Configuration) -> None:
        """Bring traffic to what is wanted; when this returns, every new request follows it.

        Raises:
            HaproxyError: If HAProxy refuses; traffic goes on as before.
        """
        with self._lock:
            change = difference(self._current, wanted, self._known)
            if change.reload:
                self._write(wanted)
                self._haproxy.reload()
                self._known = _names(wanted)
            else:
                # Servers that come are added before weights lead to them, those that go are taken out after.
                self._command(command for command in change.servers if not command.endswith(" maint"))
                for name in change.maps:
                    self._haproxy.replace_map(name, maps(wanted)[name])
                self._command(command for command in change.servers if command.endswith(" maint"))
                self._known |= _names(wanted)
            self._current = wanted

    def cut(self, backend: str, server: str) -> None:
        """Close the connections that a server still has."""
        self._haproxy.command([f"shutdown sessions server {backend}/{server}"])

    def stop(self) -> None:
        """End HAProxy."""
        self._haproxy.stop()

    def _command(self, commands: Iterable[str]) -> None:
        listed = list(commands)
        if listed:
            self._haproxy.command(listed)

    def _write(self, configuration: Configuration) -> None:
        for name, content in files(configuration).items():
            (self._folder / name).write_text(content, newline="")


def difference(old: Configuration, new: Configuration, known: set[tuple[str, str]]) -> Change:
    """Compare two configurations.

    Args:
        old: What is in force.
        new: What is wanted.
        known: Backend and name of every server that HAProxy has been told of since its last reload.
    """
    if _structure(old) != _structure(new):
        return Change(reload=True)
    before, after = maps(old), maps(new)
    changed = tuple(name for name in after if before[name] != after[name])
    servers = [
        command
        for was, wanted in zip(old.backends, new.backends, strict=True)
        for command in _server_commands(was, wanted, known)
    ]
    return Change(reload=False, servers=tuple(servers), maps=changed)


def _server_commands(old: Backend, new: Backend, known: set[tuple[str, str]]) -> Iterable[str]:
    enabled = {server.name for server in old.servers if server.enabled}
    wanted = {server.name for server in new.servers if server.enabled}
    for server in new.servers:
        if (new.name, server.name) not in known:
            yield f"add server {new.name}/{add_server(new, server)}"
        if server.enabled and server.name not in enabled:
            yield f"set server {new.name}/{server.name} state ready"
    # One that has gone for good stays in HAProxy, out of service, until the next reload forgets it.
    for name in sorted(enabled - wanted):
        yield f"set server {new.name}/{name} state maint"


def _structure(configuration: Configuration) -> Configuration:
    """Leave out what can change at run time: weights, servers and effects."""
    frontends = tuple(replace(frontend, routes=_bare_routes(frontend)) for frontend in configuration.frontends)
    backends = tuple(replace(backend, servers=()) for backend in configuration.backends)
    return Configuration(frontends, backends)


def _bare_routes(frontend: Frontend) -> tuple[Route, ...]:
    return tuple(
        replace(route, action=Forward(())) if isinstance(route.action, Forward) else route for route in frontend.routes
    )


def _names(configuration: Configuration) -> set[tuple[str, str]]:
    return {(backend.name, server.name) for backend in configuration.backends for server in backend.servers}
