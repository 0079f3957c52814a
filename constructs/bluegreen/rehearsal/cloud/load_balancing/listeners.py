"""Operations on listeners and their rules."""

import uuid
from collections.abc import Collection, Mapping

from bluegreen.rehearsal.cloud.api import ApiError, Document

from . import validation
from .core import Core
from .records import Listener, LoadBalancer, Rule, weights

_DEFAULT_POLICY = "ELBSecurityPolicy-2016-08"
_PRIORITIES = range(1, 50_001)


class ListenerOperations(Core):
    """HTTP and HTTPS listeners, with rules on paths and host names."""

    def create_listener(self, request: Document) -> Document:
        """Create a listener; it takes requests when this returns."""
        with self._lock:
            owner = self._load_balancer(request["LoadBalancerArn"])
            settings = self._settings(request)
            self._require_free_port(owner, settings["Port"])
            identifier = uuid.uuid4().hex[:16]
            path = f"{owner.full_name}/{identifier}"
            default = Rule(
                arn=f"{self._arn_prefix}listener-rule/{path}/{uuid.uuid4().hex[:16]}",
                number=self._new_route_number(),
                priority=None,
                actions=self._actions(request["DefaultActions"], owner),
                conditions=[],
            )
            tags = {tag["Key"]: tag.get("Value", "") for tag in request.get("Tags", ())}
            arn = f"{self._arn_prefix}listener/{path}"
            listener = Listener(
                arn, settings | {"ListenerArn": arn, "LoadBalancerArn": owner.arn}, default=default, tags=tags
            )
            with self._changing(undo=lambda: owner.listeners.pop(arn)):
                owner.listeners[arn] = listener
            return {"Listeners": [_describe_listener(listener)]}

    def describe_listeners(self, request: Document) -> Document:
        """Describe listeners by ARN or by load balancer."""
        with self._lock:
            if "ListenerArns" in request:
                found = [self._listener(arn)[1] for arn in request["ListenerArns"]]
            elif "LoadBalancerArn" in request:
                found = list(self._load_balancer(request["LoadBalancerArn"]).listeners.values())
            else:
                raise validation.invalid("You must specify either listener ARNs or a load balancer ARN")
            return {"Listeners": [_describe_listener(listener) for listener in found]}

    def modify_listener(self, request: Document) -> Document:
        """Change a listener; every request that begins after this returns is routed the new way."""
        with self._lock:
            owner, listener = self._listener(request["ListenerArn"])
            before = listener.settings, listener.default.actions
            settings = self._modified(listener, request)
            if settings["Port"] != listener.port:
                self._require_free_port(owner, settings["Port"])
            actions = self._actions(request["DefaultActions"], owner) if "DefaultActions" in request else before[1]

            def undo() -> None:
                listener.settings, listener.default.actions = before

            with self._changing(undo):
                listener.settings, listener.default.actions = settings, actions
            self._tell_traffic(owner, listener, before[1])
            return {"Listeners": [_describe_listener(listener)]}

    def delete_listener(self, request: Document) -> Document:
        """Delete a listener with its rules."""
        with self._changing():
            owner, listener = self._listener(request["ListenerArn"])
            del owner.listeners[listener.arn]
        return {}

    def describe_listener_attributes(self, request: Document) -> Document:
        """Describe a listener's attributes."""
        with self._lock:
            attributes = self._listener(request["ListenerArn"])[1].attributes
            return {"Attributes": [{"Key": key, "Value": value} for key, value in sorted(attributes.items())]}

    def modify_listener_attributes(self, request: Document) -> Document:
        """Change what is put into every response; requests that begin after this returns are answered so."""
        changed = validation.listener_attributes(request["Attributes"])
        with self._lock:
            listener = self._listener(request["ListenerArn"])[1]
            before = listener.attributes
            if changed.items() - before.items():

                def undo() -> None:
                    listener.attributes = before

                with self._changing(undo):
                    listener.attributes = before | changed
        return self.describe_listener_attributes(request)

    def create_rule(self, request: Document) -> Document:
        """Create a rule."""
        with self._lock:
            owner, listener = self._listener(request["ListenerArn"])
            self._require_free_priority(listener, request["Priority"])
            arn = f"{listener.arn.replace(':listener/', ':listener-rule/')}/{uuid.uuid4().hex[:16]}"
            rule = Rule(
                arn=arn,
                number=self._new_route_number(),
                priority=request["Priority"],
                actions=self._actions(request["Actions"], owner),
                conditions=validation.conditions(request["Conditions"]),
                tags={tag["Key"]: tag.get("Value", "") for tag in request.get("Tags", ())},
            )
            with self._changing(undo=lambda: listener.rules.pop(arn)):
                listener.rules[arn] = rule
            return {"Rules": [_describe_rule(rule)]}

    def describe_rules(self, request: Document) -> Document:
        """Describe rules by ARN or by listener, the default one last."""
        with self._lock:
            if "RuleArns" in request:
                found = [self._rule(arn)[2] for arn in request["RuleArns"]]
            elif "ListenerArn" in request:
                found = self._listener(request["ListenerArn"])[1].in_order()
            else:
                raise validation.invalid("You must specify either listener rule ARNs or a listener ARN")
            return {"Rules": [_describe_rule(rule) for rule in found]}

    def modify_rule(self, request: Document) -> Document:
        """Change a rule's conditions or actions."""
        with self._lock:
            owner, _, rule = self._rule(request["RuleArn"])
            if rule.priority is None:
                raise ApiError("OperationNotPermitted", f"Default rule '{rule.arn}' cannot be modified")
            conditions = validation.conditions(request["Conditions"]) if "Conditions" in request else rule.conditions
            actions = self._actions(request["Actions"], owner) if "Actions" in request else rule.actions
            with self._changing():
                rule.conditions, rule.actions = conditions, actions
            return {"Rules": [_describe_rule(rule)]}

    def delete_rule(self, request: Document) -> Document:
        """Delete a rule."""
        with self._changing():
            _, listener, rule = self._rule(request["RuleArn"])
            if rule.priority is None:
                raise ApiError("OperationNotPermitted", f"Default rule '{rule.arn}' cannot be deleted")
            del listener.rules[rule.arn]
        return {}

    def set_rule_priorities(self, request: Document) -> Document:
        """Change the priorities of rules, all at once."""
        with self._changing():
            changed = [(self._rule(entry["RuleArn"]), entry["Priority"]) for entry in request["RulePriorities"]]
            moving = {rule.arn for (_, _, rule), _ in changed}
            for (_, listener, _), priority in changed:
                self._require_free_priority(listener, priority, moving)
            if len({(listener.arn, priority) for (_, listener, _), priority in changed}) < len(changed):
                raise ApiError("PriorityInUse", "Two rules of a listener cannot have one priority")
            for (_, _, rule), priority in changed:
                rule.priority = priority
            return {"Rules": [_describe_rule(rule) for (_, _, rule), _ in changed]}

    def _settings(self, request: Document) -> Document:
        """Return a listener's own settings, or refuse."""
        for key in ("Port", "Protocol"):
            if key not in request:
                raise validation.invalid(f"A {key.lower()} must be specified for listeners")
        validation.port(request["Port"])
        if request.get("MutualAuthentication", {}).get("Mode", "off") != "off":
            raise validation.not_emulated("mutual authentication")
        settings = {"Port": request["Port"], "Protocol": request["Protocol"]}
        if request["Protocol"] == "HTTP":
            if request.get("Certificates") or request.get("SslPolicy"):
                raise validation.invalid("Certificates and security policies are for HTTPS listeners")
            return settings
        if request["Protocol"] != "HTTPS":
            raise validation.invalid(f"Protocol '{request['Protocol']}' must be HTTP or HTTPS")
        if len(request.get("Certificates", ())) != 1:
            raise validation.invalid("A certificate must be specified for HTTPS listeners")
        self._certificate_file(request["Certificates"][0]["CertificateArn"])
        policy = request.get("SslPolicy", _DEFAULT_POLICY)
        if not policy.startswith("ELBSecurityPolicy-"):
            raise ApiError("SSLPolicyNotFound", f"SSL policy '{policy}' not found")
        return settings | {"Certificates": request["Certificates"], "SslPolicy": policy}

    def _modified(self, listener: Listener, request: Document) -> Document:
        """Return a listener's settings after a change, in which whatever is not named stays."""
        kept = ["Port", "Protocol"]
        if request.get("Protocol", listener.settings["Protocol"]) == "HTTPS":
            kept += ["Certificates", "SslPolicy"]
        before = {key: listener.settings[key] for key in kept if key in listener.settings}
        identity = {key: listener.settings[key] for key in ("ListenerArn", "LoadBalancerArn")}
        return identity | self._settings(before | request)

    def _actions(self, requested: list[Document], owner: LoadBalancer) -> list[Document]:
        """Check actions; a target group belongs to one load balancer."""
        actions = validation.actions(requested, self._records.target_groups)
        for arn in weights(actions):
            if any(user is not owner for user in self._records.users(arn)):
                raise ApiError(
                    "TargetGroupAssociationLimit",
                    f"The following target groups cannot be associated with more than one load balancer: {arn}",
                )
        return actions

    @staticmethod
    def _require_free_port(owner: LoadBalancer, port: int) -> None:
        if any(listener.port == port for listener in owner.listeners.values()):
            message = f"A listener already exists on this port for load balancer '{owner.arn}'"
            raise ApiError("DuplicateListener", message)

    @staticmethod
    def _require_free_priority(listener: Listener, priority: int, besides: Collection[str] = ()) -> None:
        if priority not in _PRIORITIES:
            raise validation.invalid(f"Priority '{priority}' must be 1-50000")
        if any(rule.priority == priority and rule.arn not in besides for rule in listener.rules.values()):
            raise ApiError("PriorityInUse", f"Priority '{priority}' is currently in use")

    def _tell_traffic(self, owner: LoadBalancer, listener: Listener, before: list[Document]) -> None:
        """Write a shift of traffic into the journal."""
        was = weights(before)
        now = listener.default.target_groups()
        if was == now:
            return
        shown = self._weights(now)
        shares = ", ".join(f"{name} {weight}" for name, weight in shown.items())
        self._journal.record(
            "traffic",
            f"listener {listener.port} of {owner.name} forwards to {shares or 'nothing'}",
            load_balancer=owner.name,
            listener=listener.arn,
            port=listener.port,
            weights=shown,
        )

    def _weights(self, by_arn: Mapping[str, int]) -> dict[str, int]:
        return {self._target_group(arn).name: weight for arn, weight in by_arn.items()}


def _describe_listener(listener: Listener) -> Document:
    return listener.settings | {"DefaultActions": listener.default.actions}


def _describe_rule(rule: Rule) -> Document:
    return {
        "RuleArn": rule.arn,
        "Priority": "default" if rule.priority is None else str(rule.priority),
        "Conditions": rule.conditions,
        "Actions": rule.actions,
        "IsDefault": rule.priority is None,
    }
