"""Headers that the load balancer puts on every answer, so that no version can forget them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

_PREFIX = "routing.http.response."
_LONGEST_AGE_SECONDS = 63_072_000
_LONGEST_VALUE = 1024


@dataclass(frozen=True, kw_only=True)
class ResponseHeaders:
    """Security headers of both listeners' answers. Where the application sends one of them itself, this one wins.

    The test listener has them too, so that a smoke test can demand them of a candidate before anybody sees it.

    Args:
        hsts_seconds: How long a browser that was here by HTTPS comes back by HTTPS only, 0-63072000 seconds. 0 makes it
            forget; the application's own header stands when it is None. Plain HTTP never has it: browsers ignore it.
        hsts_subdomains: Whether that holds for every name under the domain as well, whoever serves it.
        no_sniffing: Whether browsers must take an answer for what its content type says.
        frame_options: Who may show an answer inside a frame: "DENY" for nobody, "SAMEORIGIN" for the site itself. Left
            to the application when omitted.
        content_security_policy: The Content-Security-Policy, at most 1024 characters. Left to the application when
            omitted.
        server: Whether answers that the load balancer gives itself name it in their Server header.

    Raises:
        ValueError: If a value is out of range.

    Example:
        >>> ResponseHeaders(frame_options="DENY").attributes(secure=False)["routing.http.response.server.enabled"]
        'false'
    """

    hsts_seconds: int | None = 31_536_000
    hsts_subdomains: bool = False
    no_sniffing: bool = True
    frame_options: Literal["DENY", "SAMEORIGIN"] | None = None
    content_security_policy: str | None = None
    server: bool = False

    def __post_init__(self) -> None:
        if self.hsts_seconds is not None and not 0 <= self.hsts_seconds <= _LONGEST_AGE_SECONDS:
            raise ValueError(
                f"hsts_seconds must be 0-{_LONGEST_AGE_SECONDS}, got {self.hsts_seconds}; "
                "use None to leave the header to the application"
            )
        if self.hsts_subdomains and self.hsts_seconds is None:
            raise ValueError("hsts_subdomains needs hsts_seconds, got None; give it, or leave hsts_subdomains out")
        if self.frame_options not in {None, "DENY", "SAMEORIGIN"}:
            raise ValueError(f"frame_options must be 'DENY', 'SAMEORIGIN' or None, got {self.frame_options!r}")
        policy = self.content_security_policy
        if policy is not None and not (1 <= len(policy) <= _LONGEST_VALUE and policy.isprintable()):
            raise ValueError(
                f"content_security_policy must be 1-{_LONGEST_VALUE} printable characters in one line, got {policy!r}"
            )

    def attributes(self, *, secure: bool) -> Mapping[str, str]:
        """Return the listener's attributes.

        Args:
            secure: Whether the listener speaks HTTPS.
        """
        values = {
            "strict_transport_security": self._strict_transport_security if secure else None,
            "x_content_type_options": "nosniff" if self.no_sniffing else None,
            "x_frame_options": self.frame_options,
            "content_security_policy": self.content_security_policy,
        }
        headers = {f"{_PREFIX}{name}.header_value": value for name, value in values.items() if value is not None}
        return {f"{_PREFIX}server.enabled": str(self.server).lower(), **headers}

    @property
    def _strict_transport_security(self) -> str | None:
        if self.hsts_seconds is None:
            return None
        return f"max-age={self.hsts_seconds}{'; includeSubDomains' if self.hsts_subdomains else ''}"
