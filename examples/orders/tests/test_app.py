from collections.abc import Callable
from contextlib import AbstractContextManager

import httpx
import pytest
from sqlalchemy import NullPool, create_engine, text

from orders.settings import DatabaseSettings

TEA = {"customer": "Ada", "product": "tea", "quantity": 2}


def test_a_placed_order_can_be_read_back(client: httpx.Client) -> None:
    """What a customer ordered is kept and comes back with an id and a time."""
    placed = client.post("/orders", json=TEA)
    assert placed.status_code == 201
    read = client.get(f"/orders/{placed.json()['id']}")
    assert read.status_code == 200
    assert read.json() == placed.json()
    assert read.json().items() >= TEA.items()
    assert read.json()["created_at"]


def test_the_latest_orders_come_first(client: httpx.Client) -> None:
    """The list is newest first and no longer than asked for."""
    ids = [client.post("/orders", json=TEA).json()["id"] for _ in range(3)]
    assert [order["id"] for order in client.get("/orders", params={"limit": 2}).json()] == [ids[2], ids[1]]


def test_an_unknown_order_is_not_found(client: httpx.Client) -> None:
    """An id that was never given out answers 404 and names it."""
    answer = client.get("/orders/2000000000")
    assert answer.status_code == 404
    assert "2000000000" in answer.text


@pytest.mark.parametrize(
    "wrong", [{"quantity": 0}, {"quantity": 1001}, {"customer": ""}, {"product": "x" * 101}, {"quantity": "many"}]
)
def test_a_wrong_order_is_refused(client: httpx.Client, wrong: dict[str, object]) -> None:
    """An order outside its limits is refused and not kept."""
    before = client.get("/orders").json()
    assert client.post("/orders", json=TEA | wrong).status_code == 422
    assert client.get("/orders").json() == before


@pytest.mark.parametrize("path", ["/", "/health", "/health/live", "/health/ready"])
def test_a_healthy_service_answers_its_probes(client: httpx.Client, path: str) -> None:
    """With its database reachable, every probe is answered with 200."""
    assert client.get(path).status_code == 200


def test_readiness_but_not_liveness_takes_a_database(
    database_environment: dict[str, str], serve: Callable[[dict[str, str]], AbstractContextManager[httpx.Client]]
) -> None:
    """Without its database a task gets no traffic but is not replaced either, and it ends cleanly all the same."""
    existing = DatabaseSettings.from_environment(database_environment)
    with create_engine(existing.url, poolclass=NullPool, isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(text("CREATE DATABASE lost"))
        with serve(database_environment | {"DATABASE_NAME": "lost"}) as client:
            assert client.get("/health/ready").json() == {"status": "ok", "checks": {"database": "ok"}}
            connection.execute(text("ALTER DATABASE lost ALLOW_CONNECTIONS false"))
            connection.execute(text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'lost'"))
            for path, status in {"/health/ready": 503, "/health": 503, "/health/live": 200, "/": 200}.items():
                assert client.get(path).status_code == status, path
            assert client.get("/health/ready").json() == {
                "status": "unavailable",
                "checks": {"database": "unreachable"},
            }
