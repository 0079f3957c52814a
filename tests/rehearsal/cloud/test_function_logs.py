import io
import json
import zipfile
from typing import Any

import pytest

from tests.rehearsal.cloud.running import Cloud

TRUST = json.dumps({"Version": "2012-10-17", "Statement": []})
BASIC = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
WRITES = {"Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": "*"}
MAKES = {"Effect": "Allow", "Action": "logs:CreateLogGroup", "Resource": "*"}


def invoke_without_log_group(cloud: Cloud, name: str, role: str) -> set[str]:
    """Invoke a function whose log group is gone; return the log groups that there are then."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as code:
        code.writestr("index.py", "def handler(event, context):\n    print('written')\n")
    functions = cloud.client("lambda")
    functions.create_function(
        FunctionName=name,
        Runtime="python3.13",
        Handler="index.handler",
        Role=role,
        Code={"ZipFile": archive.getvalue()},
        LoggingConfig={"LogGroup": f"/made/by/{name}"},
    )
    functions.invoke(FunctionName=name)
    return {group["logGroupName"] for group in cloud.client("logs").describe_log_groups()["logGroups"]}


@pytest.mark.parametrize(
    ("name", "inline", "attached", "made"),
    [
        ("writes", WRITES, [], set()),
        ("makes", MAKES, [], {"/made/by/makes"}),
        ("basic", WRITES, [BASIC], {"/made/by/basic"}),
    ],
)
def test_a_log_group_that_is_gone_is_made_anew_only_by_a_role_that_may(
    cloud: Cloud, name: str, inline: dict[str, Any], attached: list[str], made: set[str]
) -> None:
    """Writing into streams is not enough, an inline or managed policy must allow CreateLogGroup."""
    iam = cloud.client("iam")
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=json.dumps({"Statement": [inline]}))
    for arn in attached:
        iam.attach_role_policy(RoleName=name, PolicyArn=arn)
    assert invoke_without_log_group(cloud, name, role) & {f"/made/by/{name}"} == made


def test_a_function_whose_role_is_gone_makes_no_log_group(cloud: Cloud) -> None:
    """Its stack has deleted the role before the function ended."""
    assert "/made/by/orphan" not in invoke_without_log_group(cloud, "orphan", "arn:aws:iam::123456789012:role/gone")
