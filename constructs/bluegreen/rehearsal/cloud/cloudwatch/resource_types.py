"""CloudFormation's alarm types, over the API of the local cloud's CloudWatch."""

from typing import ClassVar

from bluegreen.rehearsal.cloud.api import Created, Document, ResourceType
from bluegreen.rehearsal.cloud.template_properties import as_request

from .service import CloudWatch


def resource_types(cloudwatch: CloudWatch) -> list[ResourceType]:
    """Return the types, ready to be registered."""
    return [AlarmType(cloudwatch), CompositeAlarmType(cloudwatch), DashboardType(cloudwatch)]


class AlarmType:
    """AWS::CloudWatch::Alarm."""

    type_name: ClassVar[str] = "AWS::CloudWatch::Alarm"
    create_only: ClassVar[frozenset[str]] = frozenset({"AlarmName"})

    def __init__(self, cloudwatch: CloudWatch) -> None:
        self._cloudwatch = cloudwatch

    def create(self, name: str, properties: Document) -> Created:
        """Put the alarm."""
        request = as_request("cloudwatch", "PutMetricAlarm", {"AlarmName": name} | properties)
        self._cloudwatch.put_metric_alarm(request)
        found = self._cloudwatch.describe_alarms({"AlarmNames": [request["AlarmName"]]})["MetricAlarms"][0]
        return Created(request["AlarmName"], {"Arn": found["AlarmArn"]})

    def update(self, physical_id: str, old: Document, new: Document) -> Created:  # noqa: ARG002 - a put replaces all
        """Put the alarm anew."""
        return self.create(physical_id, new)

    def delete(self, physical_id: str, properties: Document) -> None:  # noqa: ARG002 - the name is enough
        """Delete the alarm."""
        self._cloudwatch.delete_alarms({"AlarmNames": [physical_id]})

    @staticmethod
    def not_emulated(properties: Document) -> str:
        """Say what of such an alarm is not played; nothing when all of it is."""
        return "anomaly detection band" if "ThresholdMetricId" in properties else ""


class CompositeAlarmType:
    """AWS::CloudWatch::CompositeAlarm."""

    type_name: ClassVar[str] = "AWS::CloudWatch::CompositeAlarm"
    create_only: ClassVar[frozenset[str]] = frozenset({"AlarmName"})

    def __init__(self, cloudwatch: CloudWatch) -> None:
        self._cloudwatch = cloudwatch

    def create(self, name: str, properties: Document) -> Created:
        """Put the alarm."""
        request = as_request("cloudwatch", "PutCompositeAlarm", {"AlarmName": name} | properties)
        self._cloudwatch.put_composite_alarm(request)
        wanted = {"AlarmNames": [request["AlarmName"]], "AlarmTypes": ["CompositeAlarm"]}
        found = self._cloudwatch.describe_alarms(wanted)["CompositeAlarms"][0]
        return Created(request["AlarmName"], {"Arn": found["AlarmArn"]})

    def update(self, physical_id: str, old: Document, new: Document) -> Created:  # noqa: ARG002 - a put replaces all
        """Put the alarm anew."""
        return self.create(physical_id, new)

    def delete(self, physical_id: str, properties: Document) -> None:  # noqa: ARG002 - the name is enough
        """Delete the alarm."""
        self._cloudwatch.delete_alarms({"AlarmNames": [physical_id]})


class DashboardType:
    """AWS::CloudWatch::Dashboard."""

    type_name: ClassVar[str] = "AWS::CloudWatch::Dashboard"
    create_only: ClassVar[frozenset[str]] = frozenset({"DashboardName"})

    def __init__(self, cloudwatch: CloudWatch) -> None:
        self._cloudwatch = cloudwatch

    def create(self, name: str, properties: Document) -> Created:
        """Put the dashboard."""
        request = {"DashboardName": name} | properties
        self._cloudwatch.put_dashboard(as_request("cloudwatch", "PutDashboard", request))
        return Created(request["DashboardName"])

    def update(self, physical_id: str, old: Document, new: Document) -> Created:  # noqa: ARG002 - a put replaces all
        """Put the dashboard anew."""
        return self.create(physical_id, new)

    def delete(self, physical_id: str, properties: Document) -> None:  # noqa: ARG002 - the name is enough
        """Delete the dashboard, if it is still there."""
        if self._cloudwatch.list_dashboards({"DashboardNamePrefix": physical_id})["DashboardEntries"]:
            self._cloudwatch.delete_dashboards({"DashboardNames": [physical_id]})
