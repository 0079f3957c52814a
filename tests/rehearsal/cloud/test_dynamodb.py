"""DynamoDB's conditional writes and its tables of CloudFormation, inside a running ministack with our changes."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.rehearsal.cloud.running import Cloud

KEYS = [("pk", "HASH"), ("sk", "RANGE")]
LEASE = {"pk": {"S": "database#orders"}, "sk": {"S": "lease"}}


@pytest.fixture(scope="module")
def table(cloud: Cloud) -> Any:
    """A table with a partition key and a sort key; its calls need no table name."""
    client = cloud.client("dynamodb")
    client.create_table(
        TableName="ledger",
        KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in KEYS],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name, _ in KEYS],
        BillingMode="PAY_PER_REQUEST",
    )
    return client


def put(table: Any, holder: str, **condition: Any) -> str:
    """Take the lease with token 1; return who holds it when the condition does not hold."""
    try:
        item = {**LEASE, "holder": {"S": holder}, "token": {"N": "1"}}
        table.put_item(TableName="ledger", Item=item, ReturnValuesOnConditionCheckFailure="ALL_OLD", **condition)
    except table.exceptions.ConditionalCheckFailedException as failed:
        return str(failed.response["Item"]["holder"]["S"])
    return holder


def test_only_the_first_put_of_an_absent_item_succeeds(table: Any) -> None:
    """attribute_not_exists holds once, whoever asks at the same time; the others learn what is there."""
    absent = {"ConditionExpression": "attribute_not_exists(pk)"}
    table.delete_item(TableName="ledger", Key=LEASE)
    with ThreadPoolExecutor(8) as pool:
        held = list(pool.map(lambda number: put(table, f"run-{number}", **absent), range(8)))
    assert len(set(held)) == 1


def test_an_update_compares_numbers_and_counts_up(table: Any) -> None:
    """A token grows under a condition on it and on the time; a stale holder's update changes nothing."""
    table.delete_item(TableName="ledger", Key=LEASE)
    put(table, "one")

    def take(holder: str, now: int, token: int) -> int | None:
        try:
            updated = table.update_item(
                TableName="ledger",
                Key=LEASE,
                UpdateExpression="SET holder = :holder, #token = #token + :one, expires = :until",
                ConditionExpression="#token = :token AND (attribute_not_exists(expires) OR expires < :now)",
                ExpressionAttributeNames={"#token": "token"},
                ExpressionAttributeValues={
                    ":holder": {"S": holder},
                    ":one": {"N": "1"},
                    ":until": {"N": str(now + 60)},
                    ":token": {"N": str(token)},
                    ":now": {"N": str(now)},
                },
                ReturnValues="ALL_NEW",
            )
        except table.exceptions.ConditionalCheckFailedException:
            return None
        return int(updated["Attributes"]["token"]["N"])

    assert take("two", now=900, token=1) == 2
    assert take("three", now=1000, token=1) is None  # stale: the token has moved on
    assert take("three", now=950, token=2) is None  # not expired; as text, "960" < "1000" would not hold
    assert take("three", now=1000, token=2) == 3
    found = table.get_item(TableName="ledger", Key=LEASE, ConsistentRead=True)["Item"]
    assert (found["holder"]["S"], found["token"]["N"], found["expires"]["N"]) == ("three", "3", "1060")


def test_a_delete_may_depend_on_the_holder(table: Any) -> None:
    """Only who holds the lease gives it back."""
    table.delete_item(TableName="ledger", Key=LEASE)
    put(table, "one")
    condition = {"ConditionExpression": "holder = :me", "TableName": "ledger", "Key": LEASE}
    with pytest.raises(ClientError, match="ConditionalCheckFailed"):
        table.delete_item(**condition, ExpressionAttributeValues={":me": {"S": "two"}})
    table.delete_item(**condition, ExpressionAttributeValues={":me": {"S": "one"}})
    assert "Item" not in table.get_item(TableName="ledger", Key=LEASE)


def test_a_transaction_writes_all_or_nothing(table: Any) -> None:
    """A condition that does not hold for one item cancels the write of the others."""
    state = {"pk": {"S": "database#orders"}, "sk": {"S": "state"}}
    table.delete_item(TableName="ledger", Key=LEASE)
    put(table, "one")
    writes = [
        {"Put": {"TableName": "ledger", "Item": {**state, "revision": {"S": "0002"}}}},
        {
            "ConditionCheck": {
                "TableName": "ledger",
                "Key": LEASE,
                "ConditionExpression": "holder = :me",
                "ExpressionAttributeValues": {":me": {"S": "two"}},
            }
        },
    ]
    with pytest.raises(ClientError, match="TransactionCanceled"):
        table.transact_write_items(TransactItems=writes)
    assert "Item" not in table.get_item(TableName="ledger", Key=state)
    check: Any = writes[1]["ConditionCheck"]
    check["ExpressionAttributeValues"] = {":me": {"S": "one"}}
    table.transact_write_items(TransactItems=writes)
    assert table.get_item(TableName="ledger", Key=state)["Item"]["revision"]["S"] == "0002"


def test_records_are_read_newest_first(table: Any) -> None:
    """A query of a key's beginning, backwards, is how a ledger shows its last runs."""
    for number in range(3):
        item = {"pk": {"S": "database#query"}, "sk": {"S": f"run#{number}"}}
        table.put_item(TableName="ledger", Item=item)
    found = table.query(
        TableName="ledger",
        KeyConditionExpression="pk = :pk AND begins_with(sk, :run)",
        ExpressionAttributeValues={":pk": {"S": "database#query"}, ":run": {"S": "run#"}},
        ScanIndexForward=False,
        Limit=2,
    )
    assert [item["sk"]["S"] for item in found["Items"]] == ["run#2", "run#1"]


SCHEMA = {
    "KeySchema": [{"AttributeName": name, "KeyType": kind} for name, kind in KEYS],
    "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name, _ in KEYS],
    "BillingMode": "PAY_PER_REQUEST",
}
BACKUPS = {"PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True}}
PROTECTED = {"DeletionProtectionEnabled": True}
TABLE = {
    "Type": "AWS::DynamoDB::Table",
    "Properties": SCHEMA | BACKUPS | PROTECTED | {"SSESpecification": {"SSEEnabled": True}, "TableName": "kept"},
}
GLOBAL_TABLE = {
    "Type": "AWS::DynamoDB::GlobalTable",
    "Properties": SCHEMA
    | {
        "TableName": "kept-global",
        "Replicas": [{"Region": "eu-west-1"} | BACKUPS | PROTECTED],
        "SSESpecification": {"SSEEnabled": False},
    },
}


def settled(cloud: Cloud, name: str) -> str:
    """Wait for a stack operation, and return the stack's status."""
    for _ in range(500):
        (stack,) = cloud.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
        if not stack["StackStatus"].endswith("_IN_PROGRESS"):
            return str(stack["StackStatus"])
        time.sleep(0.02)
    raise AssertionError(stack)


@pytest.mark.parametrize("resource", [TABLE, GLOBAL_TABLE], ids=["table", "global-table"])
def test_a_table_of_a_stack_outlives_it_when_it_is_retained(cloud: Cloud, resource: dict[str, Any]) -> None:
    """It is deployed with the settings of a ledger, and still there when its stack is deleted."""
    name = resource["Properties"]["TableName"]
    retained = resource | {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}
    outputs = {"Arn": {"Value": {"Fn::GetAtt": ["Ledger", "Arn"]}}, "Name": {"Value": {"Ref": "Ledger"}}}
    template = json.dumps({"Resources": {"Ledger": retained}, "Outputs": outputs})
    cloudformation, dynamodb = cloud.client("cloudformation"), cloud.client("dynamodb")
    cloudformation.create_stack(StackName=name, TemplateBody=template)
    assert settled(cloud, name) == "CREATE_COMPLETE"
    described = dynamodb.describe_table(TableName=name)["Table"]
    (stack,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
    told = {one["OutputKey"]: one["OutputValue"] for one in stack["Outputs"]}
    assert told == {"Arn": described["TableArn"], "Name": name}
    cloudformation.delete_stack(StackName=stack["StackId"])
    assert settled(cloud, stack["StackId"]) == "DELETE_COMPLETE"
    assert dynamodb.describe_table(TableName=name)["Table"]["TableStatus"] == "ACTIVE"
