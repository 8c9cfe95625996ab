"""A delivery's body in a table of its own; an index that nothing read is gone."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "body",
        sa.Column(
            "delivery_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"],
            ["delivery.id"],
        ),
        sa.PrimaryKeyConstraint("delivery_id"),
    )
    op.execute("INSERT INTO body (delivery_id, content) SELECT id, body FROM delivery WHERE body IS NOT NULL")
    op.drop_column("delivery", "body")
    op.drop_index("delivery_by_reference", "delivery")
