"""The records of recoveries in the ledger's table, beside what releases did to the same database."""

import json
from typing import Any

from botocore.exceptions import ClientError

import aws_clients
from bluegreen.release.recovery.record import RecoveryRecord

_LOST = "ConditionalCheckFailedException"


class Ledger:
    """The recoveries of one database.

    Args:
        table: The table's name.
        database: The live instance's identifier.
    """

    def __init__(self, table: str, database: str) -> None:
        self._table = table
        self._key = {"S": f"database#{database}"}

    def keep(self, record: RecoveryRecord) -> bool:
        """Write what a recovery came to, unless it has ended and this says otherwise; return whether it was written."""
        item = {"pk": self._key, "sk": {"S": f"drill#{record.id}"}, "document": {"S": json.dumps(record.to_dict())}}
        if record.ended:
            item["ended"] = {"S": record.ended}
        condition = "attribute_not_exists(#ended)" + (" OR #ended = :ended" if record.ended else "")
        try:
            aws_clients.client("dynamodb").put_item(
                TableName=self._table,
                Item=item,
                ConditionExpression=condition,
                ExpressionAttributeNames={"#ended": "ended"},
                **({"ExpressionAttributeValues": {":ended": {"S": record.ended}}} if record.ended else {}),
            )
        except ClientError as error:
            if aws_clients.code_of(error) == _LOST:
                return False
            raise
        return True

    def record(self, recovery: str) -> RecoveryRecord | None:
        """Return a recovery's record; None when there is none."""
        answer = aws_clients.client("dynamodb").get_item(
            TableName=self._table, Key={"pk": self._key, "sk": {"S": f"drill#{recovery}"}}, ConsistentRead=True
        )
        item: dict[str, Any] | None = answer.get("Item")
        return RecoveryRecord.from_dict(json.loads(item["document"]["S"])) if item else None

    def records(self) -> list[RecoveryRecord]:
        """Return every recovery, newest first."""
        found: list[RecoveryRecord] = []
        start: dict[str, Any] = {}
        while True:
            page = aws_clients.client("dynamodb").query(
                TableName=self._table,
                KeyConditionExpression="#pk = :pk AND begins_with(#sk, :drill)",
                ExpressionAttributeNames={"#pk": "pk", "#sk": "sk"},
                ExpressionAttributeValues={":pk": self._key, ":drill": {"S": "drill#"}},
                ConsistentRead=True,
                **start,
            )
            found += [RecoveryRecord.from_dict(json.loads(item["document"]["S"])) for item in page["Items"]]
            if not page.get("LastEvaluatedKey"):
                return sorted(found, key=lambda one: one.started, reverse=True)
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
