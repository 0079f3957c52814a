"""The HTTP interface: health for the load balancer, orders for everybody else."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Annotated, Literal

from fastapi import Depends, FastAPI, HTTPException, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from .database import Database
from .models import Order
from .settings import DatabaseSettings

SERVICE_UNAVAILABLE = 503


class NewOrder(BaseModel):
    """What a customer sends."""

    customer: str = Field(min_length=1, max_length=100)
    product: str = Field(min_length=1, max_length=100)
    quantity: int = Field(ge=1, le=1000)


class KnownOrder(NewOrder):
    """An order as it was kept."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    created_at: datetime


class Health(BaseModel):
    """Whether the service can do its work, and what it looked at to know."""

    status: Literal["ok", "unavailable"]
    checks: dict[str, Literal["ok", "unreachable"]] = {}


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Open the database before the first request and close it after the last."""
    database = Database(DatabaseSettings.from_environment())
    app.state.database = database
    yield
    await run_in_threadpool(database.close)


app = FastAPI(title="orders", lifespan=lifespan)


def database_of(request: Request) -> Database:
    """Return the application's database."""
    database: Database = request.app.state.database
    return database


def session_of(database: Annotated[Database, Depends(database_of)]) -> Iterator[Session]:
    """Offer a session for one request."""
    yield from database.session()


@app.get("/")
async def home() -> dict[str, str]:
    """Say who answers; touches nothing else."""
    return {"service": "orders"}


@app.get("/health/live")
async def live() -> Health:
    """Say that the process answers; a failure means that it should be replaced."""
    return Health(status="ok")


@app.get("/health")
@app.get("/health/ready")
def ready(database: Annotated[Database, Depends(database_of)], response: Response) -> Health:
    """Say whether requests can be served, which takes a database; a failure means: send no traffic here."""
    if database.is_reachable():
        return Health(status="ok", checks={"database": "ok"})
    response.status_code = SERVICE_UNAVAILABLE
    return Health(status="unavailable", checks={"database": "unreachable"})


@app.post("/orders", status_code=201)
def place_order(new: NewOrder, session: Annotated[Session, Depends(session_of)]) -> KnownOrder:
    """Keep a new order."""
    order = Order(**new.model_dump())
    session.add(order)
    session.commit()
    return KnownOrder.model_validate(order)


@app.get("/orders/{order_id}")
def read_order(order_id: int, session: Annotated[Session, Depends(session_of)]) -> KnownOrder:
    """Return one order."""
    order = session.get(Order, order_id)
    if order is None:
        raise HTTPException(404, f"there is no order {order_id}")
    return KnownOrder.model_validate(order)


@app.get("/orders")
def latest_orders(
    session: Annotated[Session, Depends(session_of)], limit: Annotated[int, Query(ge=1, le=100)] = 20
) -> list[KnownOrder]:
    """Return the latest orders, newest first."""
    orders = session.scalars(select(Order).order_by(Order.id.desc()).limit(limit))
    return [KnownOrder.model_validate(order) for order in orders]
