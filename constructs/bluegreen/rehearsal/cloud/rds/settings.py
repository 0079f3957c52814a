"""The settings of an instance as DescribeDBInstances shows them: kept, repeated, and with nothing behind them."""

from typing import Any

from botocore.model import StructureShape

from bluegreen.rehearsal.cloud.api import Document
from bluegreen.rehearsal.cloud.protocol import service_model
from bluegreen.rehearsal.cloud.template_properties import as_shape

_OWN = frozenset({"DBInstanceIdentifier", "Engine", "EngineVersion", "MasterUsername", "DBName", "MasterUserSecret"})
"""What the instance itself says, and not who asked for it."""

_RENAMED = {
    "EnableIAMDatabaseAuthentication": "IAMDatabaseAuthenticationEnabled",
    "EnablePerformanceInsights": "PerformanceInsightsEnabled",
    "EnableCloudwatchLogsExports": "EnabledCloudwatchLogsExports",
}

_NESTED = ("DBParameterGroups", "DBSubnetGroup", "OptionGroupMemberships", "TagList", "VpcSecurityGroups")


def shown(asked: Document) -> Document:
    """Return what an instance is to show of what was asked for.

    Args:
        asked: The properties of AWS::RDS::DBInstance, or the request of a restore; their names differ a little.

    Raises:
        ValueError: If a value is of another type than RDS has there.

    Example:
        >>> shown({"AllocatedStorage": "20", "EnablePerformanceInsights": True, "Engine": "postgres"})
        {'AllocatedStorage': 20, 'PerformanceInsightsEnabled': True}
    """
    shape = service_model("rds").shape_for("DBInstance")
    assert isinstance(shape, StructureShape)  # noqa: S101 - botocore's own model
    named = {_RENAMED.get(name, name): value for name, value in asked.items()}
    plain = {name: value for name, value in named.items() if name in shape.members and name not in _OWN}
    document: Document = as_shape(shape, {name: value for name, value in plain.items() if name not in _NESTED})
    return document | _groups(asked)


def _groups(asked: Document) -> Document:
    """Return what RDS shows in another form than it takes it."""
    groups: dict[str, Any] = {
        "DBParameterGroups": [
            {"DBParameterGroupName": name, "ParameterApplyStatus": "in-sync"}
            for name in _listed(asked.get("DBParameterGroupName"))
        ],
        "OptionGroupMemberships": [
            {"OptionGroupName": name, "Status": "in-sync"} for name in _listed(asked.get("OptionGroupName"))
        ],
        "VpcSecurityGroups": [
            {"VpcSecurityGroupId": name, "Status": "active"}
            for name in asked.get("VPCSecurityGroups") or asked.get("VpcSecurityGroupIds") or ()
        ],
        "TagList": list(asked.get("Tags") or ()),
    }
    found: Document = {name: value for name, value in groups.items() if value}
    if asked.get("DBSubnetGroupName"):
        found["DBSubnetGroup"] = {"DBSubnetGroupName": asked["DBSubnetGroupName"], "SubnetGroupStatus": "Complete"}
    return found


def _listed(name: str | None) -> list[str]:
    return [name] if name else []
