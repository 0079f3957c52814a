"""What the service keeps: orders. Its tables are made by the revisions in `migrations`, never from here."""

from datetime import datetime

from sqlalchemy import CheckConstraint, DateTime, String, func
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """The tables of this service."""


class Order(Base):
    """Somebody ordered a quantity of one product."""

    __tablename__ = "orders"
    __table_args__ = (CheckConstraint("quantity > 0", name="orders_quantity_positive"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    customer: Mapped[str] = mapped_column(String(100), index=True)
    product: Mapped[str] = mapped_column(String(100))
    quantity: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
