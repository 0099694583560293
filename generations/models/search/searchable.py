"""Each prompt as an index wants it."""

from typing import Any

from django.db import models

from generations.search_marks import MARKS
from generations.search_tables import PLACES, SEARCHABLE


class _Untouched(models.Manager[Any]):
    """Nothing: the rows say what the generations say. A row deleted by hand breaks FTS5's index."""

    def get_queryset(self) -> models.QuerySet[Any]:
        return super().get_queryset().none()


class _Index(models.Model):
    """A table that triggers write; nothing else touches it, dumps it or is permitted to."""

    objects = _Untouched()

    class Meta:
        abstract = True
        managed = False
        base_manager_name = "objects"
        default_permissions = ()


class Searchable(_Index):
    """A prompt as searches read it. Columns differ between the databases; only the modules beside this know them."""

    generation = models.OneToOneField(
        "generations.Generation", models.DO_NOTHING, primary_key=True, db_constraint=False, related_name="searchable"
    )
    # PostgreSQL
    owner_id = models.BigIntegerField()
    created_at = models.DateTimeField()
    keys = models.BigIntegerField(help_text="An array of what `search_keys` tells.")
    words = models.TextField(help_text="The prompt in capitals.")
    # SQLite
    place = models.BigIntegerField(db_column="rowid")
    index = models.TextField(db_column=SEARCHABLE, help_text="FTS5's name for all its columns.")

    class Meta(_Index.Meta):
        db_table = SEARCHABLE

    def __str__(self) -> str:
        return f"Words of {self.generation_id}"


class IndexPlace(_Index):
    """Where a generation stands in SQLite's index."""

    place = models.BigIntegerField(primary_key=True)
    generation_id = models.UUIDField(unique=True)

    class Meta(_Index.Meta):
        db_table = PLACES

    def __str__(self) -> str:
        return f"Place of {self.generation_id}"


class IndexMark(_Index):
    """Something that a person starred, or that is in a collection. Columns differ as those of `Searchable` do."""

    pk = models.CompositePrimaryKey("whose", "place")
    whose = models.TextField(help_text="The key of the person or the collection.")
    # PostgreSQL: what `Searchable` has, and another key.
    generation_id = models.UUIDField()
    owner_id = models.BigIntegerField()
    created_at = models.DateTimeField()
    keys = models.BigIntegerField()
    words = models.TextField()
    # SQLite: where it stands in the index.
    place = models.BigIntegerField()

    class Meta(_Index.Meta):
        db_table = MARKS

    def __str__(self) -> str:
        return f"Mark of {self.whose}"
