"""The instance classes that RDS offers for PostgreSQL, known offline so that a wrong one is refused at synth.

AWS's regional tables as cfn-lint 1.58 has them (November 2026), without the generations that are withdrawn (t1, t2,
m1-m4, r3, r4); a test compares the two. Which of them a region has, only the region knows.
"""

from collections.abc import Mapping

_BURSTABLE_GIB = {"micro": 1, "small": 2, "medium": 4, "large": 8, "xlarge": 16, "2xlarge": 32}
_BURSTABLE = ("t3", "t4g")

_TO_16 = ("large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge")
_TO_24 = (*_TO_16, "24xlarge")
_TO_32 = (*_TO_24, "32xlarge")
_TO_48 = (*_TO_24, "48xlarge")

_GIB_A_CPU = {"m": 4, "r": 8}
_FAMILIES: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("m6g", "m6gd", "m7g", "r6g", "r6gd", "r7g"), _TO_16),
    **dict.fromkeys(("m5", "m5d", "r5", "r5b", "r5d"), _TO_24),
    **dict.fromkeys(("m6i", "m6id", "m6idn", "m6in", "r6i", "r6id", "r6idn", "r6in"), _TO_32),
    **dict.fromkeys(("m7i", "m8a", "m8g", "m8gd", "m9g", "r7i", "r8a", "r8g", "r8gd"), _TO_48),
}
_EXTRA_MEMORY: Mapping[str, tuple[int, tuple[str, ...]]] = {
    "x2g": (16, _TO_16),
    "x2idn": (16, ("16xlarge", "24xlarge", "32xlarge")),
    "x2iedn": (32, ("xlarge", "2xlarge", "4xlarge", "8xlarge", "16xlarge", "24xlarge", "32xlarge")),
}
"""GiB for each virtual CPU, and sizes."""


def _cpus(size: str) -> int:
    return 2 if size == "large" else 4 * int(size.removesuffix("xlarge") or 1)


def _memory_gib() -> Mapping[str, int]:
    found = {f"{family}.{size}": gib for family in _BURSTABLE for size, gib in _BURSTABLE_GIB.items()}
    for family, sizes in _FAMILIES.items():
        found |= {f"{family}.{size}": _GIB_A_CPU[family[0]] * _cpus(size) for size in sizes}
    for family, (gib, sizes) in _EXTRA_MEMORY.items():
        found |= {f"{family}.{size}": gib * _cpus(size) for size in sizes}
    return found


MEMORY_GIB = _memory_gib()
"""The memory of each class in GiB, by its name without "db."."""


def memory_gib(instance: str) -> int:
    """Return the memory of an instance class, and refuse one that RDS does not offer for PostgreSQL.

    Args:
        instance: The class without "db.".

    Returns:
        Its memory in GiB.

    Raises:
        ValueError: If there is no such class.

    Example:
        >>> memory_gib("t4g.medium")
        4
        >>> memory_gib("db.t4g.medium")
        Traceback (most recent call last):
        ValueError: instance must be a class without "db.", such as "t4g.medium", got 'db.t4g.medium'
    """
    if instance in MEMORY_GIB:
        return MEMORY_GIB[instance]
    if instance.startswith("db."):
        raise ValueError(f'instance must be a class without "db.", such as "t4g.medium", got {instance!r}')
    family = instance.partition(".")[0]
    sizes = [name.partition(".")[2] for name in MEMORY_GIB if name.startswith(f"{family}.")]
    families = ", ".join(dict.fromkeys(name.partition(".")[0] for name in MEMORY_GIB))
    known = f"{family} has {', '.join(sizes)}" if sizes else f"its family must be one of {families}"
    raise ValueError(f"instance must be a class that RDS offers for PostgreSQL, got {instance!r}; {known}")
