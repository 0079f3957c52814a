from datetime import UTC, datetime
from typing import Any, ClassVar

import botocore.parsers
import botocore.serialize
import pytest

from bluegreen.rehearsal.cloud import protocol
from bluegreen.rehearsal.cloud.api import ApiError


class Elb:
    botocore_name: ClassVar[str] = "elbv2"

    def __init__(self, answer: dict[str, Any]) -> None:
        self.answer = answer
        self.request: dict[str, Any] | None = None

    def describe_target_groups(self, request: dict[str, Any]) -> dict[str, Any]:
        self.request = request
        return self.answer

    def modify_listener(self, request: dict[str, Any]) -> dict[str, Any]:
        self.request = request
        return self.answer

    def create_load_balancer(self, request: dict[str, Any]) -> dict[str, Any]:
        self.request = request
        return self.answer

    def delete_target_group(self, _request: dict[str, Any]) -> dict[str, Any]:
        raise ApiError("ResourceInUse", "Target group 'x' is currently in use by a listener or a rule")


class Deploy:
    botocore_name: ClassVar[str] = "codedeploy"

    def __init__(self, answer: dict[str, Any]) -> None:
        self.answer = answer
        self.request: dict[str, Any] | None = None

    def get_deployment(self, request: dict[str, Any]) -> dict[str, Any]:
        self.request = request
        return self.answer

    def create_deployment(self, _request: dict[str, Any]) -> dict[str, Any]:
        raise ApiError("DeploymentLimitExceededException", "one at a time")


def exchange(service: Any, operation_name: str, request: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """Send a request as boto3 would and read the response as boto3 would."""
    model = protocol.service_model(service.botocore_name)
    operation = model.operation_model(operation_name)
    serializer = botocore.serialize.create_serializer(model.resolved_protocol, include_validation=False)
    sent = serializer.serialize_to_request(request, operation)
    body = sent["body"]
    if isinstance(body, dict):
        from urllib.parse import urlencode  # noqa: PLC0415 - only the Query protocol needs it

        body = urlencode(body).encode()
    headers = {key.lower(): value for key, value in sent["headers"].items()}
    status, answered, document = protocol.call(service, headers, body, {})
    parser = botocore.parsers.create_parser(model.resolved_protocol)
    response = {"headers": answered, "body": document, "status_code": status}
    return status, parser.parse(response, operation.output_shape)


def test_query_requests_keep_lists_structures_and_numbers() -> None:
    """A weighted forward arrives as boto3 sent it, with nested lists, integers and booleans."""
    action = {
        "Type": "forward",
        "ForwardConfig": {
            "TargetGroups": [{"TargetGroupArn": "a", "Weight": 90}, {"TargetGroupArn": "b", "Weight": 10}],
            "TargetGroupStickinessConfig": {"Enabled": False},
        },
    }
    request = {"ListenerArn": "arn", "DefaultActions": [action]}
    elb = Elb({"Listeners": []})
    assert exchange(elb, "ModifyListener", request)[0] == 200
    assert elb.request == request


def test_query_responses_are_read_back_by_botocore() -> None:
    """Every type of the response survives the way through XML."""
    group = {
        "TargetGroupArn": "arn",
        "TargetGroupName": "blue & <green>",
        "Port": 8080,
        "HealthCheckEnabled": True,
        "LoadBalancerArns": ["one", "two"],
        "Matcher": {"HttpCode": "200"},
    }
    _, answer = exchange(Elb({"TargetGroups": [group]}), "DescribeTargetGroups", {"Names": ["blue"]})
    assert answer["TargetGroups"] == [group]


def test_query_timestamps_are_read_back_by_botocore() -> None:
    """A timestamp given in seconds or as a datetime is the same moment for boto3."""
    moment = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    for value in (moment, moment.timestamp()):
        answer = exchange(Elb({"LoadBalancers": [{"CreatedTime": value}]}), "CreateLoadBalancer", {"Name": "x"})[1]
        assert answer["LoadBalancers"][0]["CreatedTime"] == moment


def test_json_responses_drop_what_the_model_does_not_know() -> None:
    """Private members of a response never reach the client, and timestamps are moments."""
    moment = datetime(2026, 1, 2, tzinfo=UTC)
    deploy = Deploy({"deploymentInfo": {"deploymentId": "d-1", "createTime": moment, "_thread": object()}})
    _, answer = exchange(deploy, "GetDeployment", {"deploymentId": "d-1"})
    assert answer["deploymentInfo"]["deploymentId"] == "d-1"
    assert answer["deploymentInfo"]["createTime"].timestamp() == moment.timestamp()
    assert "_thread" not in answer["deploymentInfo"]


@pytest.mark.parametrize(
    ("service", "operation", "request_", "code"),
    [
        (Elb({}), "DeleteTargetGroup", {"TargetGroupArn": "x"}, "ResourceInUse"),
        (Deploy({}), "CreateDeployment", {"applicationName": "x"}, "DeploymentLimitExceededException"),
        (Deploy({}), "ListApplications", {}, "NotImplementedException"),
        (Elb({}), "DescribeRules", {}, "NotImplementedException"),
        (Deploy({}), "GetDeployment", {}, "ValidationException"),
    ],
)
def test_refusals_reach_the_client_with_their_code(
    service: Any, operation: str, request_: dict[str, Any], code: str
) -> None:
    """A refusal, a missing operation and an invalid request are errors that boto3 can name."""
    status, answer = exchange(service, operation, request_)
    assert status >= 400
    assert answer["Error"]["Code"] == code
    assert answer["Error"]["Message"]
