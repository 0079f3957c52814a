"""HAProxy's configuration, written from where traffic should go; no process is touched here."""

from collections.abc import Iterable

from .traffic import Backend, Configuration, FixedResponse, Forward, Frontend, Redirect, Route, Server

WEIGHTS = "weights.map"
ERRORS = "errors.map"
MISSING = "missing.map"
DELAYS = "delays.map"
MILLION = 1_000_000
"""Shares are drawn in millionths."""

NOWHERE = "nowhere"
"""The backend of requests that no target group may answer."""

LOG_FORMAT = "%[date(0,ms)] %f %b %s %ST %Tr %ts %[var(txn.delay)]"


Entries = tuple[tuple[str, str], ...]
"""A map's content."""


def maps(configuration: Configuration) -> dict[str, Entries]:
    """Return the content of the maps: what changes without a reload.

    Example:
        >>> route = Route(3, Forward((("blue", 3), ("green", 1))))
        >>> maps(Configuration((Frontend("l", "127.78.0.1", 8080, 8080, (route,)),)))["weights.map"]
        (('3000000:3749999', 'blue'), ('3750000:3999999', 'green'))
    """
    routes = [route for frontend in configuration.frontends for route in frontend.routes]
    weights = (_ranges(route.number, route.action.weights) for route in routes if isinstance(route.action, Forward))
    effects = sorted(configuration.effects.items())
    return {
        WEIGHTS: tuple(entry for entries in weights for entry in entries),
        ERRORS: tuple((f"{f}|{s}", str(round(e.error_share * MILLION))) for (f, s), e in effects if e.error_share),
        MISSING: tuple((f"{f}|{s}", str(round(e.missing_share * MILLION))) for (f, s), e in effects if e.missing_share),
        DELAYS: tuple((f"{f}|{s}", str(e.delay_milliseconds)) for (f, s), e in effects if e.delay_milliseconds),
    }


def _ranges(number: int, weights: Iterable[tuple[str, int]]) -> Iterable[tuple[str, str]]:
    """Divide a route's million numbers among its backends; all of them are used when any weight is above 0."""
    shares = [(backend, weight) for backend, weight in weights if weight > 0]
    total = sum(weight for _, weight in shares)
    passed = 0
    for backend, weight in shares:
        start, passed = passed, passed + weight
        first, end = (number * MILLION + MILLION * edge // total for edge in (start, passed))
        yield f"{first}:{end - 1}", backend


def files(configuration: Configuration) -> dict[str, str]:
    """Return every file that HAProxy reads at a reload, by name."""
    written = {
        name: "".join(f"{key} {value}\n" for key, value in entries) for name, entries in maps(configuration).items()
    }
    for frontend in configuration.frontends:
        for route in frontend.routes:
            if isinstance(route.action, FixedResponse):
                written[_body_file(route)] = route.action.body
    frontends = [_frontend(frontend) for frontend in configuration.frontends]
    backends = [_backend(backend) for backend in configuration.backends]
    written["haproxy.cfg"] = "\n".join([_GLOBAL, *frontends, *backends])
    written["delay.lua"] = _DELAY
    written["bad-gateway.http"] = _BAD_GATEWAY
    return written


_GLOBAL = f"""\
global
    nbthread 1
    # Two rehearsals on one address must collide, not share each other's requests.
    noreuseport
    log stdout len 1024 format raw local0
    lua-load delay.lua
    # An old worker lets go of its last idle connections by then.
    hard-stop-after 60s

defaults
    mode http
    log global
    log-format "{LOG_FORMAT}"
    option dontlognull
    option forwardfor
    # At a reload a client's idle connection is closed with its next response, not under its next request.
    option idle-close-on-response
    # A retry would hide a fault: what a target does is what the client sees.
    retries 0
    # Requests run in real time, so these are real: an Application Load Balancer's 60 s, whatever the clock's factor.
    timeout connect 10s
    timeout client 60s
    timeout server 60s
    timeout http-keep-alive 60s
    timeout http-request 60s

# HAProxy does not start without a listener; this one is out of everybody's way.
frontend idle
    bind unix@idle.sock mode 600
    default_backend {NOWHERE}

backend {NOWHERE}
    http-request return status 503
"""

_DELAY = """\
core.register_action("delay", {"http-res"}, function(txn)
    core.msleep(txn:get_var("txn.delay"))
end)
"""

# An Application Load Balancer answers 502 when a target cannot be reached; HAProxy would say 503.
_BAD_GATEWAY = """\
HTTP/1.1 502 Bad Gateway\r
Content-Type: text/html\r
Content-Length: 41\r
Connection: close\r
\r
<html><body>502 Bad Gateway</body></html>"""


def _frontend(frontend: Frontend) -> str:
    tls = bool(frontend.certificates)
    bind = f"bind {frontend.address}:{frontend.local_port}"
    if tls:
        certificates = " ".join(f"crt '{file}'" for file in frontend.certificates)
        bind += f" ssl {certificates} alpn h2,http/1.1 ssl-min-ver {frontend.minimum_tls}"
    lines = [
        bind,
        f"http-request set-var(txn.listener) str({frontend.name})",
        f"http-request set-header X-Forwarded-Proto {'https' if tls else 'http'}",
        f"http-request set-header X-Forwarded-Port {frontend.port}",
        f"http-request set-var(txn.chance) rand({MILLION})",
        *(f"http-after-response set-header {name} {_quoted(value)}" for name, value in frontend.headers),
    ]
    if frontend.own_server:
        lines.append(f"http-after-response set-header Server {frontend.own_server} if !{{ var(txn.server) -m found }}")
    for route in frontend.routes:
        lines += _choose(route)
    for route in frontend.routes:
        lines += _answer(route)
    lines.append(
        f"use_backend %[var(txn.route),mul({MILLION}),add(txn.chance),map_int({WEIGHTS},{NOWHERE})]",
    )
    return _section(f"frontend {frontend.name}", lines)


def _quoted(text: str) -> str:
    r"""Quote a text that HAProxy is to take as it is.

    Example:
        >>> print(_quoted('default-src \'self\'; q="50%"'))
        "default-src 'self'; q=\"50%%\""
    """
    escaped = text.replace("\\", r"\\").replace('"', r"\"").replace("$", r"\$").replace("%", "%%")
    return f'"{escaped}"'


def _choose(route: Route) -> Iterable[str]:
    """Give a request this route unless an earlier one took it."""
    conditions = ["!{ var(txn.route) -m found }"]
    if route.paths:
        conditions.append(f"{{ path -m reg {_words(route.paths)} }}")
    if route.hosts:
        conditions.append(f"{{ req.hdr(host),host_only -m reg -i {_words(route.hosts)} }}")
    yield f"http-request set-var(txn.route) int({route.number}) if {' '.join(conditions)}"


def _words(patterns: Iterable[str]) -> str:
    # In quotes, or HAProxy would take a regular expression's backslashes for its own.
    return " ".join(f"'{pattern}'" for pattern in patterns)


def _answer(route: Route) -> Iterable[str]:
    """Answer here and now when the route names no target group."""
    taken = f"if {{ var(txn.route) -m int eq {route.number} }}"
    match route.action:
        case Redirect(protocol, host, port, status):
            name = host or "%[req.hdr(host),host_only]"
            yield f"http-request redirect location {protocol}://{name}:{port}%[pathq] code {status} {taken}"
        case FixedResponse(status, content_type, _):
            body = f"content-type {content_type} file {_body_file(route)}"
            yield f"http-request return status {status} {body} {taken}"


def _body_file(route: Route) -> str:
    return f"response-{route.number}.body"


def _backend(backend: Backend) -> str:
    lines = [
        f"balance {backend.algorithm}",
        "errorfile 503 bad-gateway.http",
        "http-request return status 503 if { nbsrv lt 1 }",
        "http-response set-header x-bluegreen-target %[srv_name,field(1,:)]",
        "http-response set-var(txn.server) srv_name",
        "http-response set-var(txn.effect) var(txn.listener),concat(|,txn.server)",
        f"http-response set-var(txn.errors) var(txn.effect),map_str_int({ERRORS},0)",
        f"http-response set-status 500 if {{ rand({MILLION}),sub(txn.errors) lt 0 }}",
        f"http-response set-var(txn.missing) var(txn.effect),map_str_int({MISSING},0)",
        f"http-response set-status 404 if {{ rand({MILLION}),sub(txn.missing) lt 0 }}",
        f"http-response set-var(txn.delay) var(txn.effect),map_str_int({DELAYS},0)",
        "http-response lua.delay if { var(txn.delay) -m int gt 0 }",
    ]
    lines += [
        f"server {add_server(backend, server)}{'' if server.enabled else ' disabled'}" for server in backend.servers
    ]
    return _section(f"backend {backend.name}", lines)


def add_server(backend: Backend, server: Server) -> str:
    """Return the words that declare a server after its backend's or its own keyword."""
    return f"{server.name} {server.name}{' ssl verify none' if backend.tls else ''}"


def _section(title: str, lines: Iterable[str]) -> str:
    return "\n".join([title, *(f"    {line}" for line in lines), ""])
