"""Which PostgreSQL a database is."""

from dataclasses import dataclass

from .instance_classes import memory_gib

_GIB_AN_ACU = 2
_CONNECTIONS_A_GIB = 80
_MOST_CONNECTIONS = 5000
_MOST_CONNECTIONS_OF_SMALL = 2000
_MOST_ACU = 256
_MOST_STORAGE_GIB = 65536
_LEAST_STORAGE_GIB = 20


@dataclass(frozen=True, kw_only=True)
class Engine:
    """PostgreSQL on an RDS instance of a fixed size, or on Aurora, which sizes itself. Made by its factories.

    Args:
        version: The major version.
        memory_gib: The most memory that it ever has.
        max_connections: How many connections it accepts: 80 for each GiB, which is somewhat under RDS's own formula.
            Set in the parameter group, so that an alarm at 90 % of it is exact.
        instance: The class without "db."; None on Aurora.
        storage_gib: What it starts with; None on Aurora, whose storage grows by itself.
        max_storage_gib: What its storage may grow to by itself; None on Aurora.
        min_acu: Aurora capacity units that it keeps when idle; None on RDS.
        max_acu: Aurora capacity units that it grows to; None on RDS.
    """

    version: int
    memory_gib: float
    max_connections: int
    instance: str | None = None
    storage_gib: int | None = None
    max_storage_gib: int | None = None
    min_acu: float | None = None
    max_acu: float | None = None

    @classmethod
    def postgres(
        cls,
        instance: str = "t4g.medium",
        *,
        storage_gib: int = 20,
        max_storage_gib: int | None = None,
        version: int = 18,
    ) -> "Engine":
        """Return PostgreSQL on an RDS instance.

        Args:
            instance: The class without "db.", one that RDS offers for PostgreSQL.
            storage_gib: What its gp3 volume starts with, 20-65536 GiB.
            max_storage_gib: What the volume may grow to by itself, at least a tenth more than `storage_gib`, at most
                65536 GiB. Twice `storage_gib` when omitted.
            version: The major version, 14-18.

        Returns:
            The engine.

        Raises:
            ValueError: If the class is unknown, or a figure is out of range.

        Example:
            >>> Engine.postgres("t4g.small").max_connections
            160
        """
        gib = memory_gib(instance)
        _require_whole("version", version, 14, 18)
        _require_whole("storage_gib", storage_gib, _LEAST_STORAGE_GIB, _MOST_STORAGE_GIB)
        limit = min(2 * storage_gib, _MOST_STORAGE_GIB) if max_storage_gib is None else max_storage_gib
        if storage_gib < _MOST_STORAGE_GIB:  # the largest volume has nowhere to grow to
            _require_whole("max_storage_gib", limit, min(-(-11 * storage_gib // 10), _MOST_STORAGE_GIB))
        return cls(
            version=version,
            memory_gib=gib,
            max_connections=min(_CONNECTIONS_A_GIB * gib, _MOST_CONNECTIONS),
            instance=instance,
            storage_gib=storage_gib,
            max_storage_gib=limit,
        )

    @classmethod
    def aurora_serverless(cls, min_acu: float, max_acu: float, *, version: int = 18) -> "Engine":
        """Return Aurora PostgreSQL that sizes itself between two limits (Serverless v2).

        Args:
            min_acu: Aurora capacity units, of about 2 GiB each, that it keeps when idle: 0-256 in steps of 0.5. At 0 it
                pauses when nobody is connected, and the next connection waits about 15 seconds.
            max_acu: What it grows to, 1-256 in steps of 0.5, not less than `min_acu`.
            version: The major version, 16-18.

        Returns:
            The engine.

        Raises:
            ValueError: If a figure is out of range.

        Example:
            >>> Engine.aurora_serverless(0.5, 8).max_connections
            1280
        """
        _require_whole("version", version, 16, 18)
        _require_acu("min_acu", min_acu, 0)
        _require_acu("max_acu", max_acu, max(1, min_acu))
        most = _MOST_CONNECTIONS_OF_SMALL if min_acu <= 0.5 else _MOST_CONNECTIONS  # noqa: PLR2004 - Aurora's rule
        memory = _GIB_AN_ACU * max_acu
        return cls(
            version=version,
            memory_gib=memory,
            max_connections=min(int(_CONNECTIONS_A_GIB * memory), most),
            min_acu=float(min_acu),
            max_acu=float(max_acu),
        )

    @property
    def is_aurora(self) -> bool:
        """Whether it is a cluster on Aurora."""
        return self.max_acu is not None

    @property
    def family(self) -> str:
        """The parameter group family, such as "postgres18"."""
        return f"{'aurora-postgresql' if self.is_aurora else 'postgres'}{self.version}"


def _require_whole(name: str, value: int, low: int, high: int = _MOST_STORAGE_GIB) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise ValueError(f"{name} must be {low}-{high}, got {value!r}")


def _require_acu(name: str, value: float, low: float) -> None:
    if isinstance(value, bool) or not low <= value <= _MOST_ACU or value % 0.5:
        raise ValueError(f"{name} must be {low:g}-{_MOST_ACU} Aurora capacity units in steps of 0.5, got {value!r}")
