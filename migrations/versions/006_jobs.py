"""The queue: procrastinate's own schema, as its library ships it (3.10)."""

from alembic import op
from procrastinate.schema import SchemaManager

revision = "006"
down_revision = "005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # exec_driver_sql: the text holds % and : signs that are not ours to escape
    op.get_bind().connection.driver_connection.execute(SchemaManager.get_schema())
