"""Loopback addresses: one for each task and load balancer, so that container and listener ports stay true."""

import itertools
import os
import threading

UNPRIVILEGED = 1024
"""Ports below this need root on a default Linux machine."""

SHIFT = 20_000
"""How far a privileged port moves: 443 listens locally on 20443."""


class Network:
    """Hands out addresses of 127.0.0.0/8; an address is never used twice, so a late packet meets nobody.

    Args:
        first: Where in each /16 to begin, 1-65279. Two clouds on one machine need to begin apart; when omitted the
            process's id decides.

    Example:
        >>> network = Network(first=1)
        >>> network.task_address(), network.load_balancer_address(), network.local_port(443)
        ('127.77.0.1', '127.78.0.1', 20443)
    """

    def __init__(self, first: int | None = None) -> None:
        start = os.getpid() % 255 * 256 + 1 if first is None else first
        self._tasks = itertools.count(start)
        self._load_balancers = itertools.count(start)
        self._lock = threading.Lock()

    def task_address(self) -> str:
        """Return the next task's address.

        Raises:
            ValueError: At the end of the range.
        """
        return self._next("127.77", self._tasks)

    def load_balancer_address(self) -> str:
        """Return the next load balancer's private address.

        Raises:
            ValueError: At the end of the range.
        """
        return self._next("127.78", self._load_balancers)

    @staticmethod
    def local_port(port: int) -> int:
        """Return the port on this machine that stands for `port`: itself, or moved up when it would need root."""
        return port if port >= UNPRIVILEGED else port + SHIFT

    def _next(self, prefix: str, numbers: "itertools.count[int]") -> str:
        with self._lock:
            number = next(numbers)
        high, low = divmod(number, 256)
        if high > 255:  # noqa: PLR2004 - the highest octet
            raise ValueError(f"the local cloud has no more addresses in {prefix}.0.0/16; restart it")
        return f"{prefix}.{high}.{low}"
