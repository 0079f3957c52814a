"""Where traffic goes, as values: listeners, their routes, target groups and faults, in the data plane's own words."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Server:
    """A target that HAProxy knows; requests go to it only while `enabled`."""

    address: str
    port: int
    enabled: bool

    @property
    def name(self) -> str:
        """What HAProxy and its log call it."""
        return f"{self.address}:{self.port}"


@dataclass(frozen=True)
class Backend:
    """A target group: how to speak to its targets and how to choose one.

    Args:
        name: HAProxy's name for it.
        algorithm: HAProxy's word for the way to choose: roundrobin, leastconn or random.
        tls: Whether targets are spoken to over TLS; like an Application Load Balancer, without checking who they are.
        servers: Its targets.
    """

    name: str
    algorithm: str = "roundrobin"
    tls: bool = False
    servers: tuple[Server, ...] = ()


@dataclass(frozen=True)
class Forward:
    """Share requests between backends by weight; with no weight above 0 nobody answers."""

    weights: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Redirect:
    """Send the client elsewhere, to the same path and query; a host of None is the host that was asked for."""

    protocol: str
    host: str | None
    port: str
    status: int


@dataclass(frozen=True)
class FixedResponse:
    """Answer without any target."""

    status: int
    content_type: str
    body: str


@dataclass(frozen=True)
class Route:
    """What a listener does with some of its requests.

    Args:
        number: Its own for ever, so that a worker from before a reload never takes another route's weights.
        action: What to do.
        paths: Regular expressions without quotes, one of which the path must match; empty matches any path.
        hosts: Likewise for the name in the Host header, whatever its case.
    """

    number: int
    action: Forward | Redirect | FixedResponse
    paths: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Frontend:
    """A listener.

    Args:
        name: HAProxy's name for it.
        address: Where it listens on this machine.
        local_port: Likewise.
        port: The port it stands for, which targets are told in X-Forwarded-Port.
        routes: In order; the first that matches a request takes it.
        certificates: PEM files, the default one first; none means plain HTTP.
        minimum_tls: The oldest protocol offered, such as "TLSv1.2".
        headers: What every response has, whoever made it, in place of a header of that name that it had.
        own_server: The header Server of responses that no target made; none when empty.
    """

    name: str
    address: str
    local_port: int
    port: int
    routes: tuple[Route, ...]
    certificates: tuple[str, ...] = ()
    minimum_tls: str = "TLSv1.2"
    headers: tuple[tuple[str, str], ...] = ()
    own_server: str = ""


@dataclass(frozen=True)
class Effect:
    """A fault on what one target answers through one listener.

    Args:
        error_share: The share of responses turned into 500, 0 to 1.
        missing_share: The share of responses turned into 404, 0 to 1.
        delay_milliseconds: How long each response is held back.
    """

    error_share: float = 0.0
    missing_share: float = 0.0
    delay_milliseconds: int = 0


@dataclass(frozen=True)
class Configuration:
    """Everything HAProxy should do; `effects` by frontend's and server's name."""

    frontends: tuple[Frontend, ...] = ()
    backends: tuple[Backend, ...] = ()
    effects: Mapping[tuple[str, str], Effect] = field(default_factory=dict)
