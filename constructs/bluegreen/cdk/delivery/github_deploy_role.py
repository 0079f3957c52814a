"""A role that one environment's workflow, or one branch's, takes on to deploy: GitHub keeps no key of AWS's."""

import re
from collections.abc import Sequence
from dataclasses import replace

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from constructs import Construct

from bluegreen.cdk._acknowledge import acknowledge_wildcards
from bluegreen.cdk._arns import Arns
from bluegreen.cdk._durations import hours
from bluegreen.cdk._grants import Grants

from ._bootstrap_roles import DEFAULT_QUALIFIER, bootstrap_role_arns, require_stacks
from ._repository_name import require_branch, require_repository

_ISSUER = "token.actions.githubusercontent.com"
_AUDIENCE = "sts.amazonaws.com"
_PROVIDER = "GitHubProvider"
_ENVIRONMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,254}")


class GitHubDeployRole(Construct):
    """A role for `cdk deploy` in a workflow of GitHub Actions, for one environment or branch of one repository.

    Its sessions last an hour. It may take on the roles that `cdk bootstrap` made, and look at its own stacks and their
    releases; anything else is up to those roles. What they may do is not bounded by stack: whoever takes on the deploy
    role can deploy anything in its account and region. So give production an account of its own, or at least a
    bootstrap of its own, with another `qualifier` and a permissions boundary.

    With `environment`, GitHub decides who gets there: give the environment required reviewers, and restrict it to the
    branch that is deployed, or any branch's workflow may name it.

    Args:
        scope: The stack or construct that it belongs to.
        construct_id: Its name there.
        repository: The repository on GitHub, as "owner/name".
        stacks: The names of the stacks that it may look at.
        environment: The GitHub environment that a job must name, 1-255 letters, digits, `.`, `_` and `-`. Give this or
            `branch`.
        branch: The branch that a workflow must run on, such as "main".
        provider: GitHub's OIDC provider, of which an account can have only one. The stack's own when omitted.
        qualifier: The qualifier of the `cdk bootstrap` to deploy through. The cdk's own when omitted.
        further_regions: The regions to deploy to beside the stack's own. None when omitted.
        permissions_boundary: What the role may never exceed. No bound when omitted.

    Attributes:
        role: The role; workflows name its ARN.

    Raises:
        ValueError: If something is a pattern or no name, or not exactly one of environment and branch is given.

    Example:
        >>> import aws_cdk as cdk
        >>> stack = cdk.Stack(cdk.App(), "Delivery")
        >>> GitHubDeployRole(
        ...     stack, "Prod", repository="example/orders", environment="prod", stacks=["ProdStack"]
        ... ).subject
        'repo:example/orders:environment:prod'
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        repository: str,
        stacks: Sequence[str],
        environment: str | None = None,
        branch: str | None = None,
        provider: iam.IOidcProvider | None = None,
        qualifier: str = DEFAULT_QUALIFIER,
        further_regions: Sequence[str] = (),
        permissions_boundary: iam.IManagedPolicy | None = None,
    ) -> None:
        require_repository(repository)
        require_stacks(stacks)
        self.subject = f"repo:{repository}:{_bound(environment, branch)}"
        """What GitHub says of a workflow that may take on the role, character by character."""
        super().__init__(scope, construct_id)
        own = Arns.of(Stack.of(self))
        grants = Grants()
        grants.add("sts:AssumeRole", on=bootstrap_role_arns(own, qualifier, further_regions))
        places = [(replace(own, region=region), name) for region in (own.region, *further_regions) for name in stacks]
        wildcards = _add_reads(grants, places)
        self.role = iam.Role(
            self,
            "Role",
            description=f"cdk deploy by {self.subject}",
            assumed_by=iam.WebIdentityPrincipal(
                (provider or github_provider(self)).oidc_provider_arn,
                {"StringEquals": {f"{_ISSUER}:aud": _AUDIENCE, f"{_ISSUER}:sub": self.subject}},
            ),
            max_session_duration=hours(1),
            permissions_boundary=permissions_boundary,
            inline_policies={"Deploy": grants.document()},
        )
        acknowledge_wildcards(self.role, wildcards)


def github_provider(scope: Construct) -> iam.IOidcProvider:
    """Return GitHub's OIDC provider of the scope's stack, made at the first call.

    An account can have only one: in all stacks but one, import it by `iam.OidcProviderNative.from_oidc_provider_arn`.

    Args:
        scope: Any construct of the stack.

    Returns:
        The provider; it lets in nobody by itself.
    """
    stack = Stack.of(scope)
    found = stack.node.try_find_child(_PROVIDER)
    if isinstance(found, iam.OidcProviderNative):
        return found
    # IAM knows who signs for GitHub, so no thumbprint is needed.
    return iam.OidcProviderNative(stack, _PROVIDER, url=f"https://{_ISSUER}", client_ids=[_AUDIENCE])


def _bound(environment: str | None, branch: str | None) -> str:
    if (environment is None) == (branch is None):
        raise ValueError(
            f"give environment or branch, not both or neither, got {environment!r} and {branch!r}; GitHub names a "
            "workflow by its environment when it has one, else by its branch"
        )
    if branch is not None:
        require_branch(branch)
        return f"ref:refs/heads/{branch}"
    if not _ENVIRONMENT.fullmatch(environment or ""):
        raise ValueError(f'environment must be one GitHub environment such as "prod", no pattern, got {environment!r}')
    return f"environment:{environment}"


def _add_reads(grants: Grants, places: Sequence[tuple[Arns, str]]) -> dict[str, str]:
    """Allow to look at stacks and their releases; return why each of the ARNs has a wildcard."""
    stacks = [arns.slash("cloudformation", "stack", f"{name}/*") for arns, name in places]
    reads = ("DescribeStackEvents", "DescribeStacks", "ListStackResources")
    grants.add(*(f"cloudformation:{read}" for read in reads), on=stacks)
    groups = [arns.colon("codedeploy", "deploymentgroup", f"{name}-*") for arns, name in places]
    reads = ("GetDeployment", "GetDeploymentGroup", "ListDeployments")
    grants.add(*(f"codedeploy:{read}" for read in reads), on=groups)
    created = "a stack's ARN ends in an id that it gets when it is created; the name before it is whole"
    chosen = "a deployment group's name begins with its stack's and ends as CloudFormation chooses; it is only read"
    return {**dict.fromkeys(stacks, created), **dict.fromkeys(groups, chosen)}
