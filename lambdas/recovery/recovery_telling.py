"""Tells how a recovery went: the ledger, the metrics that alarms watch, and AWS Backup when it waits for a verdict."""

import logging
from typing import Any

from botocore.exceptions import ClientError

import aws_clients
from bluegreen.release.recovery.record import RecoveryRecord
from recovery_ledger import Ledger
from recovery_request import Request

NAMESPACE = "BlueGreen/Recovery"
_log = logging.getLogger("recovery")
_LONGEST_MESSAGE = 1000
_VERDICT_KNOWN = {"ConflictException", "InvalidRequestException"}


def tell(request: Request, record: RecoveryRecord, ledger: Ledger) -> None:
    """Tell it; telling it again is harmless."""
    message = "; ".join(record.problems) or "recovered"
    level = logging.INFO if record.passed else logging.ERROR
    _log.log(level, "ended", extra={"recovery": record.id, "passed": record.passed, "reason": message})
    ledger.keep(record)
    if request.job and request.instance:
        _tell_backup(request.job, message, passed=bool(record.passed))
    aws_clients.client("cloudwatch").put_metric_data(Namespace=NAMESPACE, MetricData=_metrics(record))


def _tell_backup(job: str, message: str, *, passed: bool) -> None:
    """Give AWS Backup the verdict, upon which it deletes what it restored. It takes one, and none when it is late."""
    try:
        aws_clients.client("backup").put_restore_validation_result(
            RestoreJobId=job,
            ValidationStatus="SUCCESSFUL" if passed else "FAILED",
            ValidationStatusMessage=message[:_LONGEST_MESSAGE],
        )
    except ClientError as error:
        if aws_clients.code_of(error) not in _VERDICT_KNOWN:
            raise
        _log.warning("AWS Backup took no verdict", extra={"job": job, "error": aws_clients.describe(error)})


def _metrics(record: RecoveryRecord) -> list[dict[str, Any]]:
    database = [{"Name": "Database", "Value": record.database}]
    of_kind = [*database, {"Name": "Kind", "Value": str(record.kind)}]
    timed = {
        "RecoveryTimeSeconds": record.recovery_seconds,
        "RecoveryPointSeconds": record.recovery_point_seconds,
    }
    return [
        {"MetricName": "RecoveryFailed", "Dimensions": database, "Unit": "Count", "Value": 0 if record.passed else 1},
        *(
            {"MetricName": name, "Dimensions": of_kind, "Unit": "Seconds", "Value": value}
            for name, value in timed.items()
            if value is not None
        ),
    ]
