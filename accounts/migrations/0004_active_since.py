"""When an account was last switched on again: what was asked for before that is not sent without asking.

A trigger writes it, because `is_active` is written in many ways (the admin, a shell, SQL) and none of them may bring
back a queue or a session. On SQLite a later migration that makes the table anew has to put the trigger up again;
`tests/people/test_deactivation.py` fails if it does not.
"""

from typing import Any

from django.db import migrations, models

PUT_UP = {
    "postgresql": [
        """
        CREATE FUNCTION accounts_note_return() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            NEW.active_since := CASE WHEN NEW.is_active AND NOT OLD.is_active THEN clock_timestamp()
                                     ELSE OLD.active_since END;
            RETURN NEW;
        END $$
        """,
        """
        CREATE TRIGGER accounts_note_return BEFORE UPDATE ON accounts_user
        FOR EACH ROW EXECUTE FUNCTION accounts_note_return()
        """,
    ],
    # Its clock counts milliseconds: rounded up, so that nothing from before is taken for new.
    "sqlite": [
        """
        CREATE TRIGGER accounts_note_return AFTER UPDATE ON accounts_user
        WHEN (NEW.is_active AND NOT OLD.is_active) OR NEW.active_since IS NOT OLD.active_since
        BEGIN
            UPDATE accounts_user
            SET active_since = CASE WHEN NEW.is_active AND NOT OLD.is_active
                                    THEN strftime('%Y-%m-%d %H:%M:%f', 'now', '+0.001 seconds')
                                    ELSE OLD.active_since END
            WHERE id = NEW.id;
        END
        """,
    ],
}
TAKE_DOWN = {
    "postgresql": ["DROP TRIGGER accounts_note_return ON accounts_user", "DROP FUNCTION accounts_note_return()"],
    "sqlite": ["DROP TRIGGER accounts_note_return"],
}


def put_up(apps: Any, schema_editor: Any) -> None:
    for statement in PUT_UP[schema_editor.connection.vendor]:
        schema_editor.execute(statement, params=None)


def take_down(apps: Any, schema_editor: Any) -> None:
    for statement in TAKE_DOWN[schema_editor.connection.vendor]:
        schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0003_throttle'),
    ]

    operations = [
        migrations.AddField(
            model_name='user',
            name='active_since',
            field=models.DateTimeField(editable=False, help_text='When the account was last switched on again. Only a trigger writes it.', null=True),
        ),
        migrations.RunPython(put_up, take_down),
    ]
