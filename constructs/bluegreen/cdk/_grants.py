"""Policies that grow with the services of a stack."""

from collections.abc import Sequence

from aws_cdk import aws_iam as iam


class Grants:
    """A statement for each set of actions, whose resources grow: a role has 10,240 characters for all services."""

    def __init__(self) -> None:
        self.document = iam.PolicyDocument()
        self._statements: dict[tuple[str, ...], iam.PolicyStatement] = {}
        self._resources: dict[tuple[str, ...], set[str]] = {}
        self._clusters: list[str] = []

    def add(self, *actions: str, on: Sequence[str]) -> None:
        """Allow actions on more resources."""
        if actions not in self._statements:
            self._statements[actions] = iam.PolicyStatement(actions=list(actions))
            self.document.add_statements(self._statements[actions])
            self._resources[actions] = set()
        if further := [resource for resource in on if resource not in self._resources[actions]]:
            self._statements[actions].add_resources(*further)
            self._resources[actions].update(further)

    def add_listing_of_tasks(self, cluster_arn: str) -> None:
        """Allow to list the tasks of one more cluster, which is no resource of that action but its condition."""
        if cluster_arn in self._clusters:
            return
        self._clusters.append(cluster_arn)
        self.add("ecs:ListTasks", on=["*"])
        listing = self._statements["ecs:ListTasks",]
        listing.add_condition("ArnEquals", {"ecs:cluster": list(self._clusters)})  # takes the place of the shorter list
