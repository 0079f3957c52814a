"""Looks after a migrated schema when its release fails later. Everything here may come twice."""

import dataclasses
import logging

from botocore.exceptions import BotoCoreError, ClientError

import aws_clients
import deployment_view
import migration_start
from bluegreen.release.migrations import notices
from bluegreen.release.migrations.after_failure import AfterFailure, AwaitRollback, Downgrade, Keep, decide
from bluegreen.release.migrations.ledger import AfterRelease, Record, position
from bluegreen.release.notice import Notice
from migration_ledger import Ledger
from migration_request import Request
from migration_settings import Settings

_log = logging.getLogger("migrations")


def deployment_ended(deployment: str, state: str, settings: Settings) -> None:
    """Act on the end of one of the service's deployments.

    Args:
        deployment: The deployment's id.
        state: SUCCESS, FAILURE or STOP, as CodeDeploy's event has it.
        settings: The function's settings.

    Raises:
        botocore.exceptions.ClientError: If AWS refused; Lambda tries again.
        botocore.exceptions.BotoCoreError: If AWS could not be asked; Lambda tries again.
    """
    if state in {"FAILURE", "STOP"}:
        release_failed(deployment, settings, rolled_back=False)
    elif state == "SUCCESS":
        seen = deployment_view.look(deployment)
        if seen.is_rollback and seen.takes_back is not None:
            release_failed(seen.takes_back, settings, rolled_back=True)


def release_failed(deployment: str, settings: Settings, *, rolled_back: bool) -> None:
    """Decide what becomes of the schema of a failed release, write it down, and say it or begin it.

    Args:
        deployment: The failed deployment.
        settings: The function's settings.
        rolled_back: Whether its rollback has succeeded.
    """
    ledger = Ledger(settings.ledger, settings.database, settings.history)
    record, known = ledger.record(deployment), ledger.state()
    downgrades = settings.after_failure is AfterFailure.DOWNGRADE
    decision = decide(record, known, downgrades=downgrades, rolled_back=rolled_back)
    _log.info("a release failed", extra={"deployment": deployment, "decision": str(decision)})
    if record is None:
        return
    match decision:
        case Keep(why):
            if _mark(ledger, record, AfterRelease.KEPT):
                works = known is not None and known.dirty is None and position(record.before) in known.compatible_with
                _tell(notices.kept(settings.service, record, works, why), settings)
        case AwaitRollback():
            _mark(ledger, record, AfterRelease.AWAITS_ROLLBACK)
        case Downgrade(to):
            # Begun first: should marking fail, this event comes again and begins the same run, which is begun once.
            migration_start.after_failed_release(record, to, settings)
            _mark(ledger, record, AfterRelease.DOWNGRADING)


def run_ended(request: Request, record: Record, settings: Settings) -> None:
    """Look at what nobody else will look at when a run has ended.

    A release may have failed while its migration still ran: its event has come and gone. A downgrade after a failed
    release is told to the service's owner.

    Args:
        request: What was asked.
        record: How it ended.
        settings: The function's settings.
    """
    if record.takes_back is not None:
        _downgrade_ended(record.takes_back, record, settings)
    elif request.deployment is not None:
        deployment = deployment_view.look(request.deployment)
        if deployment.ended_badly:
            rollback = deployment_view.look(deployment.rollback) if deployment.rollback else None
            done = rollback is not None and rollback.is_over and not rollback.ended_badly
            release_failed(request.deployment, settings, rolled_back=done)


def _downgrade_ended(taken_back: str, downgrade: Record, settings: Settings) -> None:
    ledger = Ledger(settings.ledger, settings.database, settings.history)
    record = ledger.record(taken_back)
    if record is None:
        return
    became = AfterRelease.DOWNGRADED if downgrade.passed else AfterRelease.DOWNGRADE_FAILED
    if record.release is not became and _mark(ledger, record, became):
        _tell(notices.downgraded(settings.service, record, downgrade), settings)


def _mark(ledger: Ledger, record: Record, became: AfterRelease) -> bool:
    return ledger.mark_release(dataclasses.replace(record, release=became), record.release)


def _tell(said: Notice, settings: Settings) -> None:
    """Publish; the record in the ledger says the same, so that nothing fails for it."""
    _log.warning(said.subject, extra={"text": said.text})
    if settings.notifications is None:
        return
    try:
        aws_clients.client("sns").publish(TopicArn=settings.notifications, Subject=said.subject, Message=said.text)
    except (ClientError, BotoCoreError) as error:
        _log.exception("cannot publish", extra={"subject": said.subject, "error": aws_clients.describe(error)})
