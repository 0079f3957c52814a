import json

import pytest
from botocore.exceptions import ClientError, WaiterError

from tests.rehearsal.cloud.running import Cloud


def template(**properties: str) -> str:
    made = {"Type": "AWS::CodeDeploy::Application", "Properties": properties}
    return json.dumps({"Resources": {"Made": made}, "Outputs": {"Kind": {"Value": {"Fn::GetAtt": ["Made", "Kind"]}}}})


def deploy(cloud: Cloud, operation: str, stack: str, **properties: str) -> str:
    cloudformation = cloud.client("cloudformation")
    getattr(cloudformation, f"{operation}_stack")(StackName=stack, TemplateBody=template(**properties))
    waiter = cloudformation.get_waiter(f"stack_{operation}_complete")
    waiter.wait(StackName=stack, WaiterConfig={"Delay": 0.1, "MaxAttempts": 100})
    (described,) = cloudformation.describe_stacks(StackName=stack)["Stacks"]
    return str(described["Outputs"][0]["OutputValue"])


def test_boto3_reaches_our_service(cloud: Cloud) -> None:
    """A client of the endpoint talks to our service, and gets our refusals as typed errors."""
    codedeploy = cloud.client("codedeploy")
    assert codedeploy.list_applications()["applications"] == ["from-our-service"]
    with pytest.raises(codedeploy.exceptions.InvalidApplicationNameException, match="no such"):
        codedeploy.delete_application(applicationName="such")


def test_an_operation_that_is_not_emulated_is_refused_by_name(cloud: Cloud) -> None:
    """Nothing is quietly accepted: an operation without an implementation is an error that names it."""
    with pytest.raises(ClientError, match="does not emulate codedeploy:ListDeploymentConfigs"):
        cloud.client("codedeploy").list_deployment_configs()


def test_cloudformation_creates_updates_and_replaces_our_types(cloud: Cloud) -> None:
    """A changed property updates in place; a changed create-only property replaces, and the old one is deleted."""
    assert deploy(cloud, "create", "life", ApplicationName="one", ComputePlatform="A") == "created"
    assert deploy(cloud, "update", "life", ApplicationName="one", ComputePlatform="B") == "updated from A to B"
    assert deploy(cloud, "update", "life", ApplicationName="two", ComputePlatform="B") == "created"
    assert cloud.process.stdout is not None
    assert cloud.process.stdout.readline() == "deleted one\n"


def test_a_resource_that_fails_fails_its_stack_with_the_reason(cloud: Cloud) -> None:
    """The text of the exception is the reason CloudFormation shows."""
    with pytest.raises(WaiterError):
        deploy(cloud, "create", "broken", ComputePlatform="Broken")
    events = cloud.client("cloudformation").describe_stack_events(StackName="broken")["StackEvents"]
    assert any("Broken is no compute platform" in event.get("ResourceStatusReason", "") for event in events)


def test_network_interfaces_keep_their_address_and_are_found_by_it(cloud: Cloud) -> None:
    """A filter finds the one interface it describes, as EC2's does; ministack alone would return every one."""
    ec2 = cloud.client("ec2")
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    for number in (1, 2):
        ec2.create_network_interface(
            SubnetId=subnet, Description=f"ELB app/web/{number}", PrivateIpAddress=f"127.78.0.{number}"
        )

    def find(**wanted: str) -> list[str]:
        filters = [{"Name": name.replace("_", "-"), "Values": [value]} for name, value in wanted.items()]
        found = ec2.describe_network_interfaces(Filters=filters)["NetworkInterfaces"]
        return [interface["PrivateIpAddress"] for interface in found]

    assert find(description="ELB app/web/2") == ["127.78.0.2"]
    assert find(description="ELB app/web/2", private_ip_address="127.78.0.1") == []
    with pytest.raises(ClientError, match="does not know the filters"):
        find(status="in-use")
