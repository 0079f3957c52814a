"""A deployed stack with a recovery drill, as AWS answers for it."""

import io
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bluegreen.release.recovery.inspection import Inspection
from bluegreen.release.recovery.objectives import Objectives
from bluegreen.release.recovery.record import Kind, RecoveryRecord

from .deployed import CALLER, Deployed

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
ARN = "arn:aws:rds:eu-central-1:123456789012:db:orders-prod"
COPIES = "arn:aws:backup:eu-west-1:123456789012:backup-vault:orders-prod-copies"
SECRET = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:rds!db-1"
LOADED = Inspection(revisions=("0005",), rows={"orders": 1000})
RECOVERED = RecoveryRecord(
    id="d-1",
    kind=Kind.DRILL,
    by=CALLER,
    database="orders-prod",
    instance="bluegreen-drill-d-1",
    started=(NOW - timedelta(hours=2)).isoformat(),
    ended=(NOW - timedelta(hours=1)).isoformat(),
    step="tell",
    passed=True,
    objectives=Objectives(),
    recovery_seconds=1234.0,
    recovery_point_seconds=200.0,
    live=LOADED,
    restored=replace(LOADED, rows={"orders": 990}),
    cleaned_up=True,
)
TESTED = replace(RECOVERED, id="test-1", kind=Kind.RESTORE_TEST)
LOST = replace(
    RECOVERED,
    passed=False,
    problems=("orders has 100 rows of 1000, at least 95 % are required",),
    restored=replace(LOADED, rows={"orders": 100}),
)
INSTANCE: dict[str, Any] = {
    "DBInstanceIdentifier": "orders-prod",
    "DBInstanceArn": ARN,
    "DBInstanceClass": "db.t4g.medium",
    "MultiAZ": True,
    "DeletionProtection": True,
    "BackupRetentionPeriod": 30,
    "LatestRestorableTime": NOW - timedelta(minutes=3),
    "ReadReplicaDBInstanceIdentifiers": ["arn:aws:rds:eu-west-1:123456789012:db:orders-prod-replica"],
    "MasterUserSecret": {"SecretArn": SECRET},
    "DBSubnetGroup": {"DBSubnetGroupName": "isolated"},
}


class Drilled(Deployed):
    """The stack `ProdStack`, ready for everything; a test changes what is there.

    Attributes:
        records: What the ledger holds.
        end: How a drill ends; it is seen running once before.
    """

    def __init__(self) -> None:
        super().__init__()
        self.resources["ProdStack"] = {
            "RecoveryDrillFunction1A2B3C4D": ("AWS::Lambda::Function", "prod-drill"),
            "OrdersService": ("AWS::ECS::Service", "arn:aws:ecs:eu-central-1:123456789012:service/prod/orders"),
        }
        self.records = [RECOVERED, TESTED]
        self.end = RECOVERED
        self._running = True
        self.answers |= {
            "rds.describe_db_instances": {"DBInstances": [INSTANCE]},
            "backup.list_copy_jobs": {
                "CopyJobs": [{"CreationDate": NOW - timedelta(hours=9), "DestinationBackupVaultArn": COPIES}]
            },
            "backup.list_recovery_points_by_resource": {"RecoveryPoints": [{"BackupVaultName": "vault"}]},
            "backup.describe_backup_vault": {"BackupVaultName": "vault", "Locked": True},
            "secretsmanager.describe_secret": {"ARN": SECRET, "LastRotatedDate": NOW - timedelta(days=3)},
        }

    def change(self, **members: Any) -> None:
        """Change the live instance."""
        self.answers["rds.describe_db_instances"] = {"DBInstances": [INSTANCE | members]}

    def _invoked(self, event: dict[str, Any]) -> Any:
        self.asked.append(event)
        told: Any = {"database": "orders-prod", "recoveries": [one.to_dict() for one in self.records]}
        if event["step"] == "start":
            told = {"id": "d-1"}
        elif event["step"] == "recovery":
            running = replace(self.end, ended=None, passed=None, step="wait for the restored instance")
            told = (running if self._running else self.end).to_dict()
            self._running = False
        return {"StatusCode": 200, "Payload": io.BytesIO(json.dumps(told).encode())}
