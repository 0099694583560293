"""Files in an S3-compatible bucket. Imported only if MEDIA_STORAGE names one, because boto3 is an optional
dependency."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from typing import Any

from boto3.exceptions import Boto3Error
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.core.files.base import File
from django.utils.deconstruct import deconstructible
from storages.backends.s3 import S3Storage
from storages.utils import clean_name

from generations.media.storage import CHUNK


@deconstructible
class Bucket(S3Storage):  # type: ignore[misc]  # django-storages has no types
    """A storage whose objects are either complete or absent. As on a local disk, an existing name is simply
    overwritten.

    Clients are never redirected to the bucket: the studio reads from it and responds, so the bucket can stay private.
    """

    def __init__(self, **options: Any) -> None:
        client = Config(
            connect_timeout=5,
            read_timeout=20,
            retries={"total_max_attempts": 3},
            # Other servers than Amazon's expect the bucket in the path, and few support the newer checksums.
            s3={"addressing_style": "path" if options.get("endpoint_url") else "auto"},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        kept = {"file_overwrite": True, "default_acl": None, "max_memory_size": 4 * CHUNK}
        super().__init__(**{**kept, "client_config": client, **options})

    def _save(self, name: str, content: File[Any]) -> str:
        with _as_of_a_disk():
            saved: str = super()._save(name, content)
        return saved

    def _open(self, name: str, mode: str = "rb") -> Any:
        with _as_of_a_disk():
            file = super()._open(name, mode)
            file.file  # noqa: B018 fetched here, where its errors are understood
        return file

    def size(self, name: str) -> int:
        with _as_of_a_disk():
            found: int = super().size(name)
        return found

    def exists(self, name: str) -> bool:
        with _as_of_a_disk():
            return bool(super().exists(name))

    def delete(self, name: str) -> None:
        with _as_of_a_disk():
            super().delete(name)

    def listdir(self, name: str) -> tuple[list[str], list[str]]:
        with _as_of_a_disk():
            folders, files = super().listdir(name)
        return folders, files

    def get_modified_time(self, name: str) -> datetime:
        with _as_of_a_disk():
            written: datetime = super().get_modified_time(name)
        return written

    def pieces(self, name: str, start: int, stop: int) -> Iterator[bytes]:
        """Requests only these bytes, whereas `open` would fetch the whole object first."""
        key = self._normalize_name(clean_name(name))
        span = f"bytes={start}-{stop - 1}"
        with _as_of_a_disk(), closing(self.bucket.Object(key).get(Range=span)["Body"]) as body:
            yield from body.iter_chunks(CHUNK)


@contextmanager
def _as_of_a_disk() -> Iterator[None]:
    """Translates the bucket's errors into those a storage raises: a missing file, or a disk that fails temporarily."""
    try:
        yield
    except (Boto3Error, BotoCoreError, ClientError) as error:
        if isinstance(error, ClientError) and error.response.get("Error", {}).get("Code") in {"404", "NoSuchKey"}:
            raise FileNotFoundError(errno.ENOENT, "The bucket has no such object") from error
        raise OSError(errno.EIO, f"{type(error).__name__} of the bucket") from error
