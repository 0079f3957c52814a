"""A journey's steps: what they take from each other, and what cannot be made."""

import json
from typing import Any

import pytest

from bluegreen.release.checks import HttpCheck, SecretReference
from bluegreen.release.journey import JourneyStep, UnknownValueError, longest_seconds, require_journey

HOME = HttpCheck("/")


def step(name: str = "step", check: HttpCheck = HOME, **given: Any) -> JourneyStep:
    return JourneyStep(name=name, check=check, **given)


def test_values_go_wherever_a_step_names_them() -> None:
    """Path, body, plain headers and expected values are filled, nested ones too; the rest stays as it is."""
    secret = SecretReference("arn:secret")
    check = HttpCheck(
        "/orders/${order}?of=${who}",
        method="PUT",
        headers={"X-Order": "no. ${order}", "X-Key": secret},
        body='{"order": ${order}, "who": "${who}"}',
        json={"id": "${order}", "text": "${who}!", "all": ["${order}", {"deep": "${who}"}], "count": 1},
    )
    filled = step(check=check).with_values({"order": 7, "who": "Ada"}).check
    assert filled.path == "/orders/7?of=Ada"
    assert filled.headers == {"X-Order": "no. 7", "X-Key": secret}
    assert json.loads(filled.body or "") == {"order": 7, "who": "Ada"}
    assert filled.json == {"id": 7, "text": "Ada!", "all": [7, {"deep": "Ada"}], "count": 1}


def test_what_the_cdk_fills_in_later_is_no_name() -> None:
    """A value that only the deployment knows, as the CDK writes it, is not taken for a captured one."""
    assert step(check=HttpCheck("/${Token[TOKEN.12]}")).needs == frozenset()


def test_a_missing_value_is_named() -> None:
    """A step that cannot be taken says what it lacks."""
    with pytest.raises(UnknownValueError, match=r"^no earlier step has got order$"):
        step(check=HttpCheck("/${order}")).with_values({"other": 1})


def test_steps_survive_being_written_down() -> None:
    """What the construct writes into the canary's environment is what the canary reads, without what is default."""
    original = step("place it", HttpCheck("/a", method="POST", retries=0), capture={"order": "id"}, cleanup=True)
    document = json.loads(json.dumps(original.to_dict()))
    assert JourneyStep.from_dict(document) == original
    assert step().to_dict() == {"name": "step", "check": {"path": "/"}}


def test_the_longest_run_is_every_timeout_once() -> None:
    """A journey's longest time counts each step once, since none is retried."""
    assert longest_seconds([step(check=HttpCheck("/", timeout_seconds=7, retries=9)), step("b")]) == 12


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"name": ""}, r"name must be 1-60 letters, digits, blanks, hyphens and underscores, got ''"),
        ({"name": "a/b"}, r"name must be 1-60 letters, .* got 'a/b'; it becomes a metric's dimension"),
        ({"name": "a" * 61}, r"name must be 1-60 letters"),
        ({"capture": {"Order": "id"}}, r"capture must name values with 1-30 lower-case letters, .* got 'Order'"),
        ({"capture": {"order": ""}}, r"capture\['order'\] must be a JMESPath expression, got an empty text"),
    ],
)
def test_refuses_steps_with_wrong_names(given: dict[str, Any], message: str) -> None:
    """Names that cannot be a metric's dimension or a placeholder, and empty expressions, are refused."""
    with pytest.raises(ValueError, match=f"^{message}"):
        step(**given)


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ([], r"steps must be 1-20, got 0"),
        ([step(str(number)) for number in range(21)], r"steps must be 1-20, got 21; make two journeys"),
        ([step(), step()], r"steps must have names of their own, got 'step' twice"),
        (
            [step(check=HttpCheck("/${x}"), capture={"x": "id"})],
            r"step 'step' needs x, which no earlier step captures; name it in an earlier step's capture",
        ),
    ],
)
def test_refuses_journeys_that_cannot_be_made(steps: list[JourneyStep], message: str) -> None:
    """A journey has steps, of different names, and each needs only what an earlier one got: not what it gets itself."""
    with pytest.raises(ValueError, match=f"^{message}"):
        require_journey(steps)
