"""What an operator's commands ask: where the database is, who works on it, what was done."""

from dataclasses import asdict
from typing import Any

from migration_ledger import Ledger
from migration_settings import Settings

_MOST_RUNS = 20


def status(settings: Settings) -> dict[str, Any]:
    """Return what the ledger says, with the newest runs first."""
    ledger = Ledger(settings.ledger, settings.database, settings.history)
    state, lease = ledger.state(), ledger.lease()
    return {
        "service": settings.service,
        "database": settings.database,
        "state": state.to_dict() if state else None,
        "lease": asdict(lease) if lease else None,
        "runs": [record.to_dict() for record in ledger.records()[:_MOST_RUNS]],
    }


def run(run_id: str, settings: Settings) -> dict[str, Any]:
    """Return one run's record.

    Raises:
        LookupError: If the ledger knows no such run.
    """
    record = Ledger(settings.ledger, settings.database, settings.history).record(run_id)
    if record is None:
        raise LookupError(f"the ledger of {settings.database} knows no run {run_id}; see bluegreen migrations status")
    return record.to_dict()
