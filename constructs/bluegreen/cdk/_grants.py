"""Policies that grow with the services of a stack."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from aws_cdk import aws_iam as iam


class Grants:
    """A statement for each set of actions, whose resources grow: a role has 10,240 characters for all services.

    It is plain data until somebody asks for the document, because each statement of the CDK's crosses into Node.
    """

    def __init__(self) -> None:
        self._statements: list[dict[str, Any]] = []
        self._clusters: list[str] = []

    def add(self, *actions: str, on: Sequence[str], when: Mapping[str, Mapping[str, object]] | None = None) -> None:
        """Allow actions on more resources, under a condition if there is one."""
        wanted = {"Effect": "Allow", "Action": [*actions], "Condition": when or {}}
        statement = next((one for one in self._statements if wanted.items() <= one.items()), None)
        if statement is None:
            statement = {**wanted, "Resource": []}
            self._statements.append(statement)
        statement["Resource"] += [resource for resource in on if resource not in statement["Resource"]]

    def add_listing_of_tasks(self, cluster_arn: str) -> None:
        """Allow to list the tasks of one more cluster, which is no resource of that action but its condition."""
        if not self._clusters:
            self.add("ecs:ListTasks", on=["*"], when={"ArnEquals": {"ecs:cluster": self._clusters}})
        if cluster_arn not in self._clusters:
            self._clusters.append(cluster_arn)

    def add_passing_to_tasks(self, *role_arns: str) -> None:
        """Allow to give roles to tasks of ECS, and to nothing else."""
        self.add(
            "iam:PassRole", on=role_arns, when={"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}
        )

    def include(self, statements: Sequence[Mapping[str, Any]]) -> None:
        """Add statements as IAM writes them, with lists, which may deny as well."""
        self._statements += [{"Condition": {}, **one} for one in statements]

    def give(self, role: iam.Role) -> iam.Policy:
        """Allow it to a role in the policy beside it, which the CDK's own grants go into as well.

        Returns:
            That policy, for what must not begin without it.
        """
        first, *others = map(iam.PolicyStatement.from_json, self._statements)
        role.add_to_policy(first)  # makes the policy
        policy = cast("iam.Policy", role.node.find_child("DefaultPolicy"))
        policy.add_statements(*others)
        return policy

    def document(self) -> iam.PolicyDocument:
        """Return what is allowed up to now."""
        return iam.PolicyDocument.from_json({"Statement": self._statements})
