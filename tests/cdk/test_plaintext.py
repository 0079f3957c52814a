"""Secrets in plain text: what is refused, what is let through, and what the refusal says."""

import base64
import random
import re
import string
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bluegreen.cdk.plaintext import BY_ENTROPY, BY_FORMAT, BY_NAME, refuse_secrets, why_secret

# Keys are put together here so that no scanner takes this file for a leak.
AWS_KEY = "AKIA" + "IOSFODNN7EXAMPLE"
AWS_SECRET = "wJalrXUtnFEMI/K7MDENG" + "/bPxRfiCYEXAMPLEKEY"
JWT = "eyJhbGciOiJIUzI1NiJ9." + "eyJzdWIiOiIxMjM0NTY3ODkwIn0." + "dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"
PRIVATE_KEY = "-----BEGIN RSA " + "PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\n-----END RSA PRIVATE KEY-----"
TOKEN = "${Token[TOKEN.123]}"

SECRETS = {
    ("DATABASE_PASSWORD", "hunter2"): BY_NAME,
    ("PGPASSWORD", "postgres"): BY_NAME,
    ("DB_PASS", "changeme"): BY_NAME,
    ("DB_PWD", "1234"): BY_NAME,
    ("spring.datasource.password", "orders"): BY_NAME,
    ("clientSecret", "short"): BY_NAME,
    ("SECRET_KEY_BASE", "0123"): BY_NAME,
    ("DJANGO_SECRET_KEY", "dev"): BY_NAME,
    ("API_KEY", "abc123"): BY_NAME,
    ("API_KEY_2", "abc123"): BY_NAME,
    ("APIKEY", "abc123"): BY_NAME,
    ("x-api-key", "abc123"): BY_NAME,
    ("AUTH_TOKEN", "letmein"): BY_NAME,
    ("accesstoken", "letmein"): BY_NAME,
    ("SERVICE_CREDENTIALS", "orders/hunter2"): BY_NAME,
    ("SIGNING_KEY", "orders"): BY_NAME,
    ("LICENSE_KEY", "AAAA-BBBB-CCCC"): BY_NAME,
    ("KEYSTORE_PASSPHRASE", "open sesame"): BY_NAME,
    ("DATABASE_PASSWORD", f"{TOKEN}-suffix"): BY_NAME,
    ("AWS_ACCESS_KEY_ID", AWS_KEY): BY_FORMAT,
    ("NOTE", f"use {AWS_KEY} for now"): BY_FORMAT,
    ("TLS", PRIVATE_KEY): BY_FORMAT,
    ("SESSION", JWT): BY_FORMAT,
    ("GIT", "ghp_" + "a1B2" * 9): BY_FORMAT,
    ("GIT", "github_pat_" + "11ABCDEFG0" * 4): BY_FORMAT,
    ("CHAT", "xoxb-" + "123456789012-abcdefGHIJKL"): BY_FORMAT,
    ("WEBHOOK_URL", "https://hooks.slack.com/services/" + "T0000/B0000/abcdefgh"): BY_FORMAT,
    ("PAYMENTS", "sk_live_" + "4eC39HqLyjWDarjtT1zdp7dc"): BY_FORMAT,
    ("MAPS", "AIza" + "SyA1234567890abcdefghijklmnopqrstuv"): BY_FORMAT,
    ("MAIL", "SG." + "abcdefghijklmnopqrstuv." + "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"): BY_FORMAT,
    ("DATABASE_URL", "postgresql://orders:hunter2@db.internal/orders"): BY_FORMAT,
    ("CACHE_URL", "redis://:hunter2@cache:6379/0"): BY_FORMAT,
    ("DATABASE_URL", f"postgresql://orders:hunter2@{TOKEN}:5432/orders"): BY_FORMAT,
    ("CONNECTION", "Server=db;Database=orders;User Id=app;Password=hunter2;"): BY_FORMAT,
    ("DSN", "host=db user=app password=hunter2 dbname=orders"): BY_FORMAT,
    ("QUEUE", "Endpoint=sb://x/;SharedAccessKey=abcd"): BY_FORMAT,
    ("CALLBACK", "https://example.com/hook?access_token=abcd1234"): BY_FORMAT,
    ("PROXY_HEADER", "Authorization: Basic b3JkZXJz"): BY_FORMAT,
    ("PASSED_ON", "{{resolve:secretsmanager:orders:SecretString:password}}"): BY_FORMAT,
    ("PEPPER", AWS_SECRET): BY_ENTROPY,
    ("SALT", "f3b1c9d07e6a4852b9d1e0c7a5f48236"): BY_ENTROPY,
    ("COOKIE", "Zm9vYmFyMTIzNDU2Nzg5MGFiY2RlZg=="): BY_ENTROPY,
    ("EXTRA", "k3v9x0q2m7t5z8w1r4y6p0n3b5c7d9f2"): BY_ENTROPY,
    ("HOOK", "https://hooks.example.com/v1/x7Kp2mQ9vR4tZ8wB3nL6"): BY_ENTROPY,
}
HARMLESS = [
    ("LOG_LEVEL", "info"),
    ("PYTHONUNBUFFERED", "1"),
    ("PORT", "8080"),
    ("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
    ("PWD", "/srv/app"),
    ("DATABASE_HOST", "orders.cluster-c9akciq32rjf.eu-west-1.rds.amazonaws.com"),
    ("DATABASE_PASSWORD", TOKEN),
    ("DATABASE_PASSWORD", ""),
    ("DATABASE_PASSWORD", "${DB_PASSWORD}"),
    ("DATABASE_URL", "postgresql://db.internal:5432/orders"),
    ("DATABASE_URL", "postgresql://orders:${PGPASSWORD}@db.internal/orders"),
    ("DATABASE_URL", f"postgresql://orders:{TOKEN}@{TOKEN}/orders"),
    ("DATABASE_PASSWORD_FILE", "/run/secrets/db"),
    ("DATABASE_SECRET", "arn:aws:secretsmanager:eu-west-1:111122223333:secret:orders-AbCdEf"),
    ("DATABASE_SECRET_NAME", "prod/orders/database"),
    ("PASSWORD_MIN_LENGTH", "12"),
    ("PASSWORD_RESET_ENABLED", "true"),
    ("REQUIRE_SECRET", "true"),
    ("TOKEN_URL", "https://login.example.com/oauth2/token"),
    ("TOKEN_TTL_SECONDS", "3600"),
    ("API_KEY_HEADER", "x-api-key"),
    ("MAX_TOKENS", "4096"),
    ("TOKENIZERS_PARALLELISM", "false"),
    ("PASSWORDLESS_LOGIN", "email"),
    ("BYPASS_CACHE", "reports"),
    ("PRIMARY_KEY", "order_id"),
    ("PARTITION_KEY", "customer"),
    ("PUBLIC_KEY", "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAu1SU1LfVLPHCozMxH2Mo"),
    ("STRIPE_PUBLISHABLE_API_KEY", "pk_live_" + "4eC39HqLyjWDarjtT1zdp7dc"),
    ("TENANT", "3fa85f64-5717-4562-b3fc-2c963f66afa6"),
    ("GIT_COMMIT", "9fceb02d0ae598e95dc970b74767f19372d61af8"),
    ("RELEASE", "9fceb02d0ae598e95dc970b74767f19372d61af8"),
    ("SELF", "111122223333.dkr.ecr.eu-west-1.amazonaws.com/orders@sha256:" + "9f86d081884c7d65" * 4),
    ("CONFIG_CHECKSUM", "9f86d081884c7d65" * 4),
    ("ZONE_ID", "Z08231162PFDL3TUQK8AM"),
    ("QUEUE_URL", "https://sqs.eu-west-1.amazonaws.com/111122223333/orders-dead-letter-queue"),
    ("USER_POOL", "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEf123"),
    ("BUCKET", "prodstack-uploads83908e77-111122223333-eu-west-1"),
    ("UPLOADS", "prodstack-bucket83908e77-1xyz9abc2def"),
    ("TABLE", "ProdStack-OrdersTable-1ABCDEFGHIJ2K"),
    ("SUBNETS", "subnet-0bb1c79de3f4a5b6c,subnet-0aa2d79de3f4a5b6c"),
    ("LOAD_BALANCER", "app/ProdS-Order-1A2B3C4D5E6F/50dc6c495c0c9188"),
    ("CDN", "d111111abcdef8.cloudfront.net"),
    ("HANDLER", "com.example.orders.infrastructure.OrdersRepositoryImplV2"),
    ("CORS_ORIGINS", "https://shop.example.com,https://admin.example.com"),
    ("JAVA_TOOL_OPTIONS", "-XX:MaxRAMPercentage=75 -Duser.timezone=UTC"),
    ("FEATURES", "new-checkout-2026,faster-search-v3,order-history"),
    ("BUILT_AT", "2026-03-01T12:34:56.789012+00:00"),
    ("GREETING", "Basic authentication is off; bearer of good news"),
    ("ALPHABET", "abcdefghijklmnopqrstuvwxyz"),
    ("OFFSET", "12345678901234567890123456789012"),
]


@pytest.mark.parametrize(("name", "value"), SECRETS, ids=range(len(SECRETS)))
def test_finds_secrets_and_says_why(name: str, value: str) -> None:
    """A secret is recognised by its name, its format or its randomness, in that order of what helps most."""
    assert why_secret(name, value) == SECRETS[name, value]


@pytest.mark.parametrize(("name", "value"), HARMLESS, ids=range(len(HARMLESS)))
def test_lets_harmless_values_through(name: str, value: str) -> None:
    """What only resembles a secret, or says where one lies, is no finding."""
    assert why_secret(name, value) is None


def test_precision_and_recall_are_counted() -> None:
    """Over both tables every secret is found and nothing else: precision and recall are 1 on at least 90 rows."""
    found = [why_secret(name, value) is not None for name, value in [*SECRETS, *HARMLESS]]
    hits, alarms = sum(found[: len(SECRETS)]), sum(found)
    assert len(found) >= 90
    assert (hits / alarms, hits / len(SECRETS)) == (1.0, 1.0)


@pytest.mark.parametrize(
    ("alphabet", "length", "at_least"),
    [
        (string.ascii_letters + string.digits, 24, 0.95),
        (string.ascii_letters + string.digits, 40, 0.99),
        (string.ascii_letters + string.digits + "-_", 43, 0.99),
        (string.ascii_lowercase + string.digits, 32, 0.9),
        ("0123456789abcdef", 32, 0.97),
        ("0123456789abcdef", 64, 0.99),
    ],
)
def test_finds_generated_keys_under_innocent_names(alphabet: str, length: int, at_least: float) -> None:
    """Randomness alone betrays a generated key nearly always, whatever it is called."""
    source = random.Random(7)  # noqa: S311 - makes test data
    keys = ["".join(source.choices(alphabet, k=length)) for _ in range(1000)]
    assert sum(why_secret("VALUE", key) is not None for key in keys) / len(keys) >= at_least


def test_lets_identifiers_made_of_words_through() -> None:
    """Words joined in any style, with digits at the end, are not taken for generated keys."""
    words = ["orders", "service", "production", "payment", "handler", "customer", "europe", "west"]
    names = [
        style
        for a, b, c in product(words, repeat=3)
        for style in (
            f"{a}-{b}-{c}-2",
            f"{a}_{b}_{c}_v12",
            f"{a}.{b}.{c}",
            f"{a}{b.title()}{c.title()}3",
            f"/{a}/{b}/{c}",
        )
    ]
    assert [name for name in names if why_secret("VALUE", name)] == []


@pytest.mark.parametrize(
    ("command", "named"),
    [
        (["serve", "--password=hunter2"], "command option password"),
        (["serve", "--password", "hunter2"], "command option password"),
        (["serve", "-Dspring.datasource.password=hunter2"], "command option Dspring.datasource.password"),
        (["sh", "-c", "export API_KEY=hunter2 && exec serve"], "command option API_KEY"),
        (["sh", "-c", "serve --auth-token 'hunter2 two'"], "command option auth-token"),
        (["serve", "postgresql://orders:hunter2@db/orders"], "command[1]"),
        (["curl", "-H", "Authorization: Bearer hunter2"], "command[2]"),
        (["sh", "-c", f"serve '{AWS_SECRET}"], "command[2]"),
    ],
)
def test_refuses_secrets_in_a_command(command: list[str], named: str) -> None:
    """A secret in a command is named by its option, else by its position, and its value is not shown."""
    with pytest.raises(ValueError, match="looks like a secret") as refusal:
        refuse_secrets({}, command)
    assert str(refusal.value).startswith(f"{named} looks like a secret (")
    assert "hunter2" not in str(refusal.value)
    assert AWS_SECRET not in str(refusal.value)


@pytest.mark.parametrize(
    "command",
    [
        [],
        ["uvicorn", "orders.app:app", "--host", "127.0.0.1", "--port", "8080"],
        ["serve", "--password-file=/run/secrets/db"],
        ["serve", "--password", "--verbose"],
        ["serve", "--password"],
        ["sh", "-c", "serve --password=$DB_PASSWORD --token ${API_TOKEN}"],
        ["serve", f"--password={TOKEN}"],
        ["sh", "-c", "it's a lone quote"],
    ],
)
def test_lets_commands_without_secrets_through(command: list[str]) -> None:
    """Options, files and references are no secrets."""
    refuse_secrets({}, command)


def test_names_every_finding_at_once() -> None:
    """One refusal lists all findings, so that nobody fixes them one deploy at a time."""
    with pytest.raises(ValueError, match="API_KEY") as refusal:
        refuse_secrets({"LOG_LEVEL": "info", "DB_PASSWORD": "hunter2", "API_KEY": "abc"})
    assert str(refusal.value) == (
        "environment variable DB_PASSWORD looks like a secret (its name says that it is one); "
        "environment variable API_KEY looks like a secret (its name says that it is one): "
        "a task definition is no place for secrets; keep it in Secrets Manager and pass it through secrets=, "
        "or, if it is none, say why in allowed_plaintext="
    )


def test_a_reason_lets_one_name_through_and_no_other() -> None:
    """An override holds for the variable, option or position that it names."""
    allowed = {"CARD_TOKEN": "name of a card scheme", "password": "a demo", "command[2]": "a public example"}
    refuse_secrets({"CARD_TOKEN": "visa"}, ["serve", "--password=demo", AWS_SECRET], allowed)
    with pytest.raises(ValueError, match=r"^environment variable OTHER_TOKEN looks"):
        refuse_secrets({"CARD_TOKEN": "visa", "OTHER_TOKEN": "visa"}, (), allowed)


def test_an_allowed_option_does_not_hide_its_neighbour() -> None:
    """The rest of a shell line is still looked at when one option in it is allowed."""
    with pytest.raises(ValueError, match=r"^command\[2\] looks"):
        refuse_secrets({}, ["sh", "-c", f"serve --password=demo {AWS_SECRET}"], {"password": "a demo"})


@pytest.mark.parametrize("reason", ["", "  "])
def test_an_override_needs_a_reason(reason: str) -> None:
    """Nobody can wave a secret through without saying why."""
    with pytest.raises(ValueError, match=r"^allowed_plaintext\['CARD_TOKEN'\] must say why it is no secret"):
        refuse_secrets({"CARD_TOKEN": "visa"}, (), {"CARD_TOKEN": reason})


@given(name=st.sampled_from(["DB_PASSWORD", "NOTE", "apiKey"]), value=st.text(max_size=200), length=st.integers(1, 60))
def test_a_refusal_depends_on_the_name_and_the_reason_alone(name: str, value: str, length: int) -> None:
    """Whatever a variable holds, the message is one of three texts made before anyone saw the value."""
    possible = {
        f"environment variable {name} looks like a secret ({why}): a task definition is no place for secrets; "
        "keep it in Secrets Manager and pass it through secrets=, or, if it is none, say why in allowed_plaintext="
        for why in (BY_NAME, BY_FORMAT, BY_ENTROPY)
    }
    secret = base64.b85encode(random.Random(value).randbytes(length)).decode()  # noqa: S311 - makes test data
    for text in (value, value + secret):
        try:
            refuse_secrets({name: text})
        except ValueError as refusal:
            assert str(refusal) in possible  # noqa: PT017 - the refusal is one of two right outcomes


FINDING = rf"(?:command option password|command\[\d\]) looks like a secret \((?:{BY_NAME}|{BY_FORMAT}|{BY_ENTROPY})\)"


@given(value=st.text(st.characters(codec="ascii", exclude_characters="\0=-"), min_size=1, max_size=80))
def test_a_command_never_shows_the_value(value: str) -> None:
    """Whatever follows a secret option, the message holds the option, positions and reasons, and nothing else."""
    for command in ([f"--password={value}"], ["--password", value], ["sh", "-c", f"serve --password={value}"], [value]):
        try:
            refuse_secrets({}, command)
        except ValueError as refusal:
            found, _, _ = str(refusal).partition(": a task definition is no place for secrets")
            assert re.fullmatch(f"{FINDING}(?:; {FINDING})*", found)
