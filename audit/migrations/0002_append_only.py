"""The database refuses to change entries, and to delete those that are younger than four weeks.

AUDIT_DAYS is at least 30, so that the purge never meets the refusal.
"""

from typing import Any

from django.db import migrations

PUT_UP = {
    "postgresql": [
        """
        CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'DELETE' AND OLD.at < now() - interval '28 days' THEN
                RETURN OLD;
            END IF;
            RAISE EXCEPTION 'The audit log is append-only.';
        END $$
        """,
        """
        CREATE TRIGGER audit_is_append_only BEFORE UPDATE OR DELETE ON audit_entry
        FOR EACH ROW EXECUTE FUNCTION audit_is_append_only()
        """,
    ],
    "sqlite": [
        """
        CREATE TRIGGER audit_refuses_updates BEFORE UPDATE ON audit_entry
        BEGIN SELECT RAISE(ABORT, 'The audit log is append-only.'); END
        """,
        """
        CREATE TRIGGER audit_refuses_deletes BEFORE DELETE ON audit_entry WHEN OLD.at >= datetime('now', '-28 days')
        BEGIN SELECT RAISE(ABORT, 'The audit log is append-only.'); END
        """,
    ],
}
TAKE_DOWN = {
    "postgresql": ["DROP TRIGGER audit_is_append_only ON audit_entry", "DROP FUNCTION audit_is_append_only()"],
    "sqlite": ["DROP TRIGGER audit_refuses_updates", "DROP TRIGGER audit_refuses_deletes"],
}


def put_up(apps: Any, schema_editor: Any) -> None:
    for statement in PUT_UP[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


def take_down(apps: Any, schema_editor: Any) -> None:
    for statement in TAKE_DOWN[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


class Migration(migrations.Migration):

    dependencies = [
        ('audit', '0001_initial'),
    ]

    operations = [
        migrations.RunPython(put_up, take_down),
    ]
