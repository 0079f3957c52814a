"""Why the environments differ where they do. Whatever is tried in one must be what runs in the next."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any

from bluegreen.cdk.watching import Severity

from .environments import Environment

REASONS: Mapping[str, str] = {
    "access_log_days": "what an attacker did in production may be asked about months later",
    "archive_days": "only production's log has customers in it, whose complaints may come years later",
    "backup_rules": "months and years of backups are for data that somebody would miss",
    "cidr": "networks that may be joined one day must not overlap",
    "cpu": "each environment is sized for its load, and a release is tried at each size before the next",
    "database.backup_days": "a mistake in production's data may be noticed weeks later",
    "database.instance": "each database is sized for its load",
    "database.multi_az": "only production must go on while a zone is down",
    "database.protected": "only production's data cannot be made again",
    "database.storage_gib": "production's data grow; the others' are few",
    "domain_name": "development has no users to call it by name; staging has TLS as production has",
    "emails": "only production's alarms may disturb people; the others' are seen on the dashboard",
    "journey_minutes": "each journey costs, and how long a failure may go unnoticed depends on who is hurt",
    "log_retention": "how long somebody may ask what happened depends on who is hurt",
    "memory_mib": "grows with the processors, of which Fargate offers certain combinations",
    "monthly_dollars": "each environment may cost what its sizes are estimated to, and a quarter more",
    "name": "stacks and resources are named after it",
    "nat": "only production must go on while a zone is down, and each gateway costs",
    "on_demand_tasks": "Fargate Spot takes tasks away, which the others' users stand and production's should not",
    "protected": "only production's data cannot be made again",
    "rollout": "a canary needs users to be told by; staging shifts in steps, development at once to be quick",
    "scaling": "each environment is sized for its load, staging with as many tasks as show that they share the work",
    "traced_percent": "few requests are made outside production, and each trace costs",
    "vault_lock": "only production's backups are worth an attack",
    "zones": "production goes on with two thirds of its tasks while a zone is down; two zones show that zones work",
}
"""Each field of the table that is not the same in every environment, and why not."""

_DEMANDS: Mapping[str, Callable[[Environment], bool]] = {
    "protected": lambda one: one.protected and one.database.protected,
    "a standby database in another zone": lambda one: one.database.multi_az,
    "three zones": lambda one: one.zones == 3,  # noqa: PLR2004 - as it says
    "a task in each zone": lambda one: one.scaling.min_tasks >= one.zones,
    "tasks that Fargate cannot take away": lambda one: one.on_demand_tasks is None,
    "a rollout that shows a release to few users first": lambda one: one.rollout.percent < 100,  # noqa: PLR2004 - percent
    "a domain name, and so TLS": lambda one: one.domain_name is not None,
    "backups for 30 days, and a locked vault": lambda one: one.database.backup_days >= 30 and bool(one.vault_lock),  # noqa: PLR2004 - as it says
    "somebody to wake": lambda one: bool(one.emails.get(Severity.CRITICAL)),
}
"""What production must have, whatever it costs."""


def differences(environments: Sequence[Environment]) -> Mapping[str, Sequence[Any]]:
    """Return what differs.

    Args:
        environments: Environments, from first to last.

    Returns:
        Each field that is not the same in all of them, with its value in each; a database's begin with "database.".

    Example:
        >>> from .environments import DEV, STAGING
        >>> differences([DEV, STAGING])["database.instance"]
        ['t3.micro', 't3.small']
    """
    rows = [dict(_fields(environment)) for environment in environments]
    return {name: [row[name] for row in rows] for name in rows[0] if any(row[name] != rows[0][name] for row in rows)}


def require_parity(environments: Sequence[Environment], reasons: Mapping[str, str] = REASONS) -> None:
    """Refuse a difference without a reason, a reason without a difference, and a production that lacks something.

    Args:
        environments: Every environment, from first to last.
        reasons: Why each field differs.

    Raises:
        ValueError: With everything that is wrong.
    """
    found = differences(environments)
    wrong = [f"{name} differs ({', '.join(map(str, found[name]))}) without a reason" for name in found.keys() - reasons]
    wrong += [f"{name} has a reason to differ, but does not" for name in reasons.keys() - found.keys()]
    for environment in environments:
        if environment.name == "prod":
            wrong += [f"prod must have {demand}" for demand, met in _DEMANDS.items() if not met(environment)]
    if wrong:
        raise ValueError(f"the environments are not alike: {'; '.join(sorted(wrong))}; see stacks/parity.py")


def _fields(environment: Environment) -> Iterable[tuple[str, Any]]:
    yield from ((one.name, getattr(environment, one.name)) for one in fields(environment) if one.name != "database")
    database = environment.database
    yield from ((f"database.{one.name}", getattr(database, one.name)) for one in fields(database))
