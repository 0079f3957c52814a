"""Rules of our own that no stack is deployed against, applied to the templates as they are synthesized."""

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import jsii
from aws_cdk import (
    IPolicyValidationContext,
    IPolicyValidationPlugin,
    PolicyValidationPluginReport,
    PolicyViolatingResource,
    PolicyViolation,
    Validations,
)
from constructs import IConstruct

from bluegreen import __version__

from .open_groups import OPEN_SECURITY_GROUP
from .rule import Finding, Rule, examine
from .secrecy import LITERAL_SECRET, PUBLIC_ADDRESS
from .stores import LOG_RETENTION, LOG_WITHOUT_KEY, LOST_STATE, UNENCRYPTED_STORE

RULES = (OPEN_SECURITY_GROUP, UNENCRYPTED_STORE, PUBLIC_ADDRESS, LOG_RETENTION, LITERAL_SECRET)
"""What holds for every stack."""
_TEMPLATE = ".template.json"
_FEWEST_WORDS = 4
_UNNEEDED = Rule(
    name="unneeded-exception",
    says="every exception is needed",
    fix="take it out of the exceptions",
    find=lambda _: iter(()),
)


@dataclass(frozen=True)
class Accepted:
    """An exception from a rule, at one place.

    Args:
        rule: The rule's name.
        place: The stack's id and the resource's logical id, such as "ShopStack.Queue4A7E3555".
        reason: Why it is meant so, in at least four words.

    Raises:
        ValueError: If the place is none, or the reason says too little.
    """

    rule: str
    place: str
    reason: str

    def __post_init__(self) -> None:
        if not all(self.place.partition(".")):
            raise ValueError(f"place must be Stack.LogicalId, got {self.place!r}")
        if len(self.reason.split()) < _FEWEST_WORDS:
            raise ValueError(
                f"reason must say in at least {_FEWEST_WORDS} words why {self.rule} is meant so at {self.place}, got "
                f"{self.reason!r}"
            )


@jsii.implements(IPolicyValidationPlugin)
class GuardRails:
    """Has synthesis fail, with every finding at once, when a template breaks a rule.

    The rules of `RULES` hold for every stack: no security group is open to the world but to a public load balancer's
    listeners, what keeps data says that it is encrypted, no task or database has a public address, log groups forget,
    and no secret stands in a template. In protected stacks, besides, what nobody can make again stays.

    They read each template once. What is known only at deployment, such as a network in a parameter, is not found.

    Args:
        scope: The app, or a stage.
        protected: The ids of the stacks whose data must last. None when omitted.
        key_for_logs: Whether log groups must have a key of yours. AWS's own is enough when omitted.
        rules: More rules. None when omitted.
        accepted: The exceptions. One that is not needed, in a stack that is synthesized, is a finding too.

    Raises:
        ValueError: If an exception is from a rule that is not applied.

    Example:
        >>> import aws_cdk as cdk
        >>> app = cdk.App()
        >>> rails = GuardRails(app, protected=["ShopDataStack"], key_for_logs=True)
        >>> [rule.name for rule in rails.rules_of("ShopDataStack")][-2:]
        ['log-without-key', 'lost-state']
    """

    def __init__(
        self,
        scope: IConstruct,
        *,
        protected: Collection[str] = (),
        key_for_logs: bool = False,
        rules: Sequence[Rule] = (),
        accepted: Sequence[Accepted] = (),
    ) -> None:
        self._rules = (*RULES, *rules, *([LOG_WITHOUT_KEY] if key_for_logs else []))
        self._protected = frozenset(protected)
        self._accepted = {(one.rule, one.place) for one in accepted}
        known = {rule.name for rule in (*self._rules, LOST_STATE)}
        for one in accepted:
            if one.rule not in known:
                raise ValueError(f"accepted must name a rule of {', '.join(sorted(known))}, got {one.rule!r}")
        Validations.of(scope).add_plugins(self)

    @property
    def name(self) -> str:
        """What the CDK's report calls it."""
        return "bluegreen-guard-rails"

    @property
    def version(self) -> str:
        """The version of its rules: this library's."""
        return __version__

    @property
    def rule_ids(self) -> list[str]:
        """The names of its rules, for the CDK."""
        return [rule.name for rule in (*self._rules, LOST_STATE, _UNNEEDED)]

    def rules_of(self, stack: str) -> Sequence[Rule]:
        """Return the rules that a stack is held to.

        Args:
            stack: The stack's id.
        """
        return (*self._rules, LOST_STATE) if stack in self._protected else self._rules

    def find(self, templates: Iterable[Path]) -> list[tuple[Path, Finding]]:
        """Look through templates.

        Args:
            templates: Their files.

        Returns:
            What no exception accepts, and the exceptions that are not needed, each with its template.
        """
        found = []
        for path in templates:
            stack = path.name.removesuffix(_TEMPLATE)
            every = examine(stack, json.loads(path.read_text()), self.rules_of(stack))
            found += [(path, one) for one in every if (one.rule.name, one.place) not in self._accepted]
            needed = {(one.rule.name, one.place) for one in every}
            for rule, place in sorted(self._accepted - needed):
                if place.partition(".")[0] == stack:
                    says = f"does not break {rule}"
                    found.append((path, Finding(_UNNEEDED, stack, place.partition(".")[2], says)))
        return found

    def validate(self, context: IPolicyValidationContext) -> PolicyValidationPluginReport:
        """Answer the CDK, which asks once all templates are written.

        Args:
            context: Where they are.
        """
        found = self.find(map(Path, context.template_paths))
        violations = [
            PolicyViolation(
                rule_name=one.rule.name,
                description=f"{one.rule.says}: {one.place} {one.says}",
                fix=one.rule.fix,
                severity="error",
                violating_resources=[
                    PolicyViolatingResource(
                        resource_logical_id=one.logical_id, template_path=str(path), locations=[one.says]
                    )
                ],
            )
            for path, one in found
        ]
        return PolicyValidationPluginReport(success=not violations, violations=violations)
