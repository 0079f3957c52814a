"""The sizes in which Fargate offers a task."""

from collections.abc import Mapping, Sequence

from aws_cdk import Token

_GIB = 1024
MEMORY_MIB: Mapping[int, Sequence[int]] = {
    256: (512, 1 * _GIB, 2 * _GIB),
    512: range(1 * _GIB, 4 * _GIB + 1, _GIB),
    1024: range(2 * _GIB, 8 * _GIB + 1, _GIB),
    2048: range(4 * _GIB, 16 * _GIB + 1, _GIB),
    4096: range(8 * _GIB, 30 * _GIB + 1, _GIB),
    8192: range(16 * _GIB, 60 * _GIB + 1, 4 * _GIB),
    16384: range(32 * _GIB, 120 * _GIB + 1, 8 * _GIB),
}
"""The memory in MiB that goes with each amount of CPU units (1024 are one virtual CPU)."""


def require_fargate_size(cpu: int, memory_mib: int) -> None:
    """Refuse a pair of CPU and memory that Fargate does not offer.

    Args:
        cpu: CPU units.
        memory_mib: Memory in MiB.

    Raises:
        ValueError: If Fargate does not offer the pair.

    Example:
        >>> require_fargate_size(256, 512)
    """
    if memory_mib in MEMORY_MIB.get(cpu, ()) or Token.is_unresolved(cpu) or Token.is_unresolved(memory_mib):
        return
    if cpu not in MEMORY_MIB:
        raise ValueError(f"cpu must be one of {', '.join(map(str, MEMORY_MIB))}, got {cpu}")
    offered = MEMORY_MIB[cpu]
    if memory_mib not in offered:
        allowed = (
            f"{offered[0]}-{offered[-1]} in steps of {offered.step}"
            if isinstance(offered, range)
            else f"one of {', '.join(map(str, offered))}"
        )
        raise ValueError(
            f"memory_mib must be {allowed} with cpu={cpu}, got {memory_mib}; choose a pair that Fargate offers"
        )
