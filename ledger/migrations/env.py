"""Runs the migrations on the connection that `ledger.schema` passes in, inside its transaction."""

from alembic import context
from sqlmodel import SQLModel

import ledger.tables

assert ledger.tables.TABLES

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    transaction_per_migration=False,
    render_as_batch=True,
)
context.run_migrations()
