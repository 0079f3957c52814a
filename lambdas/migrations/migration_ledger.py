"""The ledger in DynamoDB: a database's lease, state and runs. Every transition is a conditional write."""

import json
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

import aws_clients
from bluegreen.release.migrations.lease import Lease
from bluegreen.release.migrations.ledger import Record, State

_LOST = "ConditionalCheckFailedException"


class Ledger:
    """What is known of one database.

    Args:
        table: The table's name.
        database: The database instance's identifier: one lease, and the runs.
        history: Which Alembic history in it: each has a state of its own.
    """

    def __init__(self, table: str, database: str, history: str) -> None:
        self._table = table
        self._key = {"S": f"database#{database}"}
        self._state = f"state#{history}"

    def lease(self) -> Lease | None:
        """Return the lease; None when nobody has ever held it."""
        item = self._get("lease")
        if item is None:
            return None
        return Lease(
            token=int(item["token"]["N"]),
            holder=item.get("holder", {}).get("S"),
            machine=item.get("machine", {}).get("S", ""),
            expires=float(item.get("expires", {}).get("N", 0)),
        )

    def take_lease(self, seen: Lease | None, taken: Lease) -> bool:
        """Take the lease if it is still as it was seen; return whether this was so.

        Every taking changes the token, so the token alone tells whether somebody was quicker.
        """
        condition = "attribute_not_exists(#token)" if seen is None else "#token = :seen"
        return self._write(
            "update_item",
            Key={"pk": self._key, "sk": {"S": "lease"}},
            UpdateExpression="SET #holder = :holder, #machine = :machine, #token = :token, #expires = :expires",
            ConditionExpression=condition,
            ExpressionAttributeNames={f"#{name}": name for name in ("holder", "machine", "token", "expires")},
            ExpressionAttributeValues={
                ":holder": {"S": taken.holder},
                ":machine": {"S": taken.machine},
                ":token": {"N": str(taken.token)},
                ":expires": {"N": str(int(taken.expires))},
            }
            | ({} if seen is None else {":seen": {"N": str(seen.token)}}),
        )

    def keep_lease(self, token: int, holder: str, expires: float) -> bool:
        """Hold the lease for longer; return whether it is still held under this token."""
        return self._write(
            "update_item",
            Key={"pk": self._key, "sk": {"S": "lease"}},
            UpdateExpression="SET #expires = :expires",
            ConditionExpression="#token = :token AND #holder = :holder",
            ExpressionAttributeNames={"#token": "token", "#holder": "holder", "#expires": "expires"},
            ExpressionAttributeValues={
                ":token": {"N": str(token)},
                ":holder": {"S": holder},
                ":expires": {"N": str(int(expires))},
            },
        )

    def release_lease(self, holder: str) -> bool:
        """Let the lease go; return whether it was held. The token stays: it grows for ever."""
        return self._write(
            "update_item",
            Key={"pk": self._key, "sk": {"S": "lease"}},
            UpdateExpression="REMOVE #holder",
            ConditionExpression="#holder = :holder",
            ExpressionAttributeNames={"#holder": "holder"},
            ExpressionAttributeValues={":holder": {"S": holder}},
        )

    def state(self) -> State | None:
        """Return the schema's state; None when no run has seen it."""
        item = self._get(self._state)
        return State.from_dict(json.loads(item["document"]["S"])) if item else None

    def put_state(self, state: State, token: int) -> bool:
        """Write the state, unless a holder of a newer lease has; return whether it was written."""
        return self._write(
            "put_item",
            Item=self._item(self._state, state.to_dict()) | {"token": {"N": str(token)}},
            ConditionExpression="attribute_not_exists(#token) OR #token <= :token",
            ExpressionAttributeNames={"#token": "token"},
            ExpressionAttributeValues={":token": {"N": str(token)}},
        )

    def record(self, run: str) -> Record | None:
        """Return a run's record; None when there is none."""
        item = self._get(f"run#{run}")
        return Record.from_dict(json.loads(item["document"]["S"])) if item else None

    def begin(self, record: Record) -> bool:
        """Write a new run's record; return whether there was none yet."""
        return self._put_record(record, "attribute_not_exists(#sk)", {"#sk": "sk"})

    def keep(self, record: Record) -> bool:
        """Write what a run came to, unless it has ended; return whether it was written."""
        return self._put_record(record, "attribute_not_exists(#ended)", {"#ended": "ended"})

    def mark_release(self, record: Record, before: str | None) -> bool:
        """Write what became of an ended run after its release failed, if nobody else has; return whether it was."""
        names = {"#release": "release"}
        if before is None:
            return self._put_record(record, "attribute_not_exists(#release)", names)
        return self._put_record(record, "#release = :before", names, {":before": {"S": before}})

    def records(self) -> list[Record]:
        """Return every run, newest first."""
        found: list[Record] = []
        start: dict[str, Any] = {}
        while True:
            page = aws_clients.client("dynamodb").query(
                TableName=self._table,
                KeyConditionExpression="#pk = :pk AND begins_with(#sk, :run)",
                ExpressionAttributeNames={"#pk": "pk", "#sk": "sk"},
                ExpressionAttributeValues={":pk": self._key, ":run": {"S": "run#"}},
                ConsistentRead=True,
                **start,
            )
            found += [Record.from_dict(json.loads(item["document"]["S"])) for item in page["Items"]]
            if not page.get("LastEvaluatedKey"):
                return sorted(found, key=lambda one: one.started, reverse=True)
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}

    def _put_record(
        self,
        record: Record,
        condition: str,
        names: Mapping[str, str],
        values: Mapping[str, Any] | None = None,
    ) -> bool:
        # What conditions look at stands beside the document.
        beside = {"ended": record.ended, "release": record.release}
        return self._write(
            "put_item",
            Item=self._item(f"run#{record.id}", record.to_dict())
            | {name: {"S": str(value)} for name, value in beside.items() if value is not None},
            ConditionExpression=condition,
            ExpressionAttributeNames=dict(names),
            **({"ExpressionAttributeValues": dict(values)} if values else {}),
        )

    def _item(self, sort: str, document: Mapping[str, Any]) -> dict[str, Any]:
        return {"pk": self._key, "sk": {"S": sort}, "document": {"S": json.dumps(document)}}

    def _get(self, sort: str) -> dict[str, Any] | None:
        answer = aws_clients.client("dynamodb").get_item(
            TableName=self._table, Key={"pk": self._key, "sk": {"S": sort}}, ConsistentRead=True
        )
        item: dict[str, Any] | None = answer.get("Item")
        return item

    def _write(self, operation: str, **parameters: Any) -> bool:
        """Return whether the condition held."""
        try:
            getattr(aws_clients.client("dynamodb"), operation)(TableName=self._table, **parameters)
        except ClientError as error:
            if aws_clients.code_of(error) == _LOST:
                return False
            raise
        return True
