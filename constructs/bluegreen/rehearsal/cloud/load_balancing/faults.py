"""Faults of one version's targets, put into the data plane so that no application has to know of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from bluegreen.rehearsal.cloud.api import Document
from bluegreen.rehearsal.cloud.traffic import Effect

KINDS = frozenset({"errors-after-shift", "missing-on-test", "slow-after-shift"})
"""The faults that the data plane can play."""

PRODUCTION_PORTS = frozenset({80, 443})
"""A listener on one of these ports serves production, one on any other port is for tests, unless a fault says more."""


@dataclass(frozen=True)
class Fault:
    """A fault in force.

    Args:
        kind: One of `KINDS`.
        version: Whose targets it hits.
        effect: What happens to their answers.
        production_ports: The ports of listeners that serve production; the rest are for tests.
    """

    kind: str
    version: str
    effect: Effect
    production_ports: frozenset[int] = PRODUCTION_PORTS

    def hits(self, port: int) -> bool:
        """Tell whether answers through a listener on this port are hit."""
        return (port in self.production_ports) != (self.kind == "missing-on-test")


def parse(document: Document) -> Fault | None:
    """Read a fault document; `{"fault": null}` means that all is well again.

    Args:
        document: `fault` and `version`; for the first two optionally the `share` of the responses that it hits, above
            0 up to 1 (1 when omitted); for `slow-after-shift` the `milliseconds` to hold each response back, 1 to
            60,000; for all optionally `production_ports` (80 and 443 when omitted).

    Raises:
        ValueError: If the document is none of these.
    """
    kind = document.get("fault")
    if kind is None:
        return None
    if kind not in KINDS:
        raise ValueError(f"fault must be one of {', '.join(sorted(KINDS))} or null, got {kind!r}")
    version = document.get("version")
    if not isinstance(version, str) or not version:
        raise ValueError(f"{kind} needs the version that it hits, got {version!r}")
    fault = Fault(kind, version, _effect(document))
    ports = document.get("production_ports")
    return fault if ports is None else replace(fault, production_ports=frozenset(int(port) for port in ports))


def _effect(document: Document) -> Effect:
    if document["fault"] == "slow-after-shift":
        milliseconds = document.get("milliseconds")
        if not isinstance(milliseconds, int) or not 1 <= milliseconds <= 60_000:  # noqa: PLR2004 - a request's time limit
            raise ValueError(f"milliseconds must be 1-60000, got {milliseconds!r}")
        return Effect(delay_milliseconds=milliseconds)
    share = document.get("share", 1.0)
    if not isinstance(share, int | float) or not 0 < share <= 1:
        raise ValueError(f"share must be above 0 and at most 1, got {share!r}")
    return Effect(missing_share=share) if document["fault"] == "missing-on-test" else Effect(error_share=share)


def effects(
    fault: Fault | None, listeners: Iterable[tuple[str, int]], targets: Mapping[str, str | None]
) -> dict[tuple[str, str], Effect]:
    """Say which answers a fault hits.

    Args:
        fault: The fault, or None.
        listeners: Each listener's name in the data plane, and its port.
        targets: Each target's name there, and the version that runs on it.
    """
    if fault is None:
        return {}
    hit = [listener for listener, port in listeners if fault.hits(port)]
    return {
        (listener, target): fault.effect
        for listener in hit
        for target, version in targets.items()
        if version == fault.version
    }
