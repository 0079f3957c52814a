"""The instances that there are, and the servers behind them."""

import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bluegreen.rehearsal.cloud.api import ApiError
from bluegreen.rehearsal.cloud.clock import Clock
from bluegreen.rehearsal.cloud.journal import Journal
from bluegreen.rehearsal.cloud.postgres import Postgres, free_address
from bluegreen.rehearsal.cloud.processes import Processes

from .instance import Instance

_IDENTIFIER = re.compile(r"[a-z](-?[a-z0-9]){0,62}")


class Instances:
    """Every instance by its identifier; safe to use from several threads.

    Args:
        clock: The cloud's time.
        journal: Where starts and ends are told.
        folder: Where the databases go.
        forget_secret: Deletes the secret of an instance that ends.
    """

    def __init__(
        self, clock: Clock, journal: Journal, folder: Path, forget_secret: Callable[[dict[str, Any]], None]
    ) -> None:
        self._clock = clock
        self._journal = journal
        self._folder = folder
        self._forget_secret = forget_secret
        self._processes = Processes()
        self._lock = threading.RLock()
        self._known: dict[str, Instance] = {}
        self._addresses: set[str] = set()

    def all(self) -> list[Instance]:
        """Return the instances, without those whose deletion has ended."""
        now = self._clock.now()
        with self._lock:
            self._known = {name: one for name, one in self._known.items() if not one.is_gone(now)}
            return list(self._known.values())

    def get(self, name: str) -> Instance:
        """Return an instance by its identifier or its ARN.

        Raises:
            ApiError: DBInstanceNotFound.
        """
        found = self.find(name)
        if found is None:
            raise ApiError("DBInstanceNotFound", f"DBInstance {name} not found.", status=404)
        return found

    def find(self, name: str) -> Instance | None:
        """Return an instance by its identifier or its ARN; None when there is none."""
        return next((one for one in self.all() if one.name == name.rpartition(":")[2].lower()), None)

    def check_new(self, name: str) -> None:
        """Refuse an identifier that no new instance can have.

        Raises:
            ApiError: InvalidParameterValue, or DBInstanceAlreadyExists.
        """
        if not _IDENTIFIER.fullmatch(name):
            message = f"The parameter DBInstanceIdentifier is not a valid identifier: {name}"
            raise ApiError("InvalidParameterValue", message)
        if self.find(name) is not None:
            raise ApiError("DBInstanceAlreadyExists", "DB instance already exists")

    def server(self, name: str, *, port: int, **arguments: Any) -> Postgres:
        """Return a server on an address of its own, not started yet; what `Postgres` takes besides is passed on."""
        with self._lock:
            address = free_address(port, self._addresses)
            self._addresses.add(address)
        return Postgres(self._folder / name, address=address, port=port, processes=self._processes, **arguments)

    def add(self, instance: Instance, start: Callable[[], None]) -> Instance:
        """Add an instance and start its server; when that does not start, nothing is left of it."""
        with self._lock:
            self._known[instance.name] = instance
        try:
            start()
        except Exception:
            self.forget(instance)
            raise
        where = f"{instance.server.address}:{instance.server.port}"
        self._journal.record("service", f"database {instance.name} answers at {where}", database=instance.name)
        return instance

    def forget(self, instance: Instance) -> None:
        """End an instance, and know nothing of it any more."""
        with self._lock:
            self._known.pop(instance.name, None)
        self.end(instance)

    def end(self, instance: Instance) -> None:
        """End an instance's server with its data, and delete the secret that RDS manages for it."""
        ran = instance.server.pid is not None
        instance.server.stop()
        with self._lock:
            self._addresses.discard(instance.server.address)
        if instance.secret is not None:
            self._forget_secret(instance.secret)
            instance.secret = None
        if ran:
            self._journal.record("service", f"database {instance.name} is deleted", database=instance.name)

    def stop(self) -> None:
        """End every server, and leave their secrets to the cloud's end. Idempotent."""
        for instance in self.all():
            instance.secret = None
            self.forget(instance)
        self._processes.stop()
