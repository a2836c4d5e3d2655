"""An object store: any S3 endpoint, a folder or memory, through one interface.

Nothing is overwritten: an object is put only where none is, so two writers never lose each other's.
"""

from __future__ import annotations

import os
import re
import time
import urllib.error
import urllib.request
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from phonofilm.errors import ConfigurationError, StoreError, UsageError
from phonofilm.files import atomic_open
from phonofilm.net.retry_policy import RetryPolicy

try:
    import obstore
    from obstore.exceptions import AlreadyExistsError, BaseError, NotFoundError
    from obstore.store import LocalStore, MemoryStore, S3Store
except ImportError:
    raise ConfigurationError(
        "An object store needs obstore.", next_step="Install it: pip install 'phonofilm[s3]'"
    ) from None

# Of one file, on top of obstore's own retries; chosen, not tuned.
PUT_RETRIES = RetryPolicy(attempts_max=4, first_pause_seconds=0.2)
_RETRIES = {"max_retries": 2, "retry_timeout": timedelta(seconds=10)}
_CHUNK_BYTES = 1 << 20
_HTTP_CONFLICT = 409
# 2026-11, obstore 0.12: an object that is missing is Python's FileNotFoundError, not NotFoundError.
_MISSING = (NotFoundError, FileNotFoundError)
_FAILURES = (BaseError, OSError)
# S3's own error code. obstore hands a missing bucket on as a GenericError with S3's body as text.
_S3_CODE = re.compile(r"<Code>(\w+)</Code>")
_memory_stores: dict[str, MemoryStore] = {}  # memory lasts as long as the process


class ObjectExistsError(StoreError):
    """Another object has the name already."""


class ObjectStore:
    """The objects under a prefix. Names are relative to it, parts joined by `/`.

    `bucket` is the store without the prefix, for S3 alone.
    """

    def __init__(self, url: str, store: Any, bucket: S3Store | None = None) -> None:
        self.url, self._store, self._bucket = url.rstrip("/"), store, bucket

    def check(self, create: bool = False) -> None:
        """Check that the store can be read; `create` makes a bucket that is missing.

        StoreError when it cannot.
        """
        try:
            next(iter(obstore.list(self._store, chunk_size=1)), None)
        except _FAILURES as error:
            if not _is_bucket_missing(error):
                raise self._failure(error) from error
            if not create or self._bucket is None:
                raise StoreError(
                    f"There is no bucket for {self.url}.",
                    next_step="Make it, or add --create and phonofilm does.",
                ) from error
            self._create_bucket(self._bucket)

    def _create_bucket(self, bucket: S3Store) -> None:
        """Create the bucket by a signed PUT, which every S3 endpoint understands.

        obstore has no call for it, and boto3, which has one, is no part of the extra `s3`.
        """
        try:
            address = obstore.sign(bucket, "PUT", "", expires_in=timedelta(minutes=1))
            request = urllib.request.Request(address, data=b"", method="PUT")  # noqa: S310 - signed
            urllib.request.urlopen(request, timeout=30).close()  # noqa: S310
        except urllib.error.HTTPError as error:
            if error.code != _HTTP_CONFLICT:  # made by another process meanwhile
                raise StoreError(
                    f"The bucket of {self.url} cannot be made: HTTP {error.code}."
                ) from None
        except _FAILURES as error:
            raise self._failure(error) from None

    def names(self, prefix: str = "") -> list[str]:
        """Return all names that begin with a prefix of whole parts, sorted."""
        try:
            return sorted(
                row["path"] for rows in obstore.list(self._store, prefix or None) for row in rows
            )
        except _FAILURES as error:
            raise self._failure(error) from error

    def put(self, name: str, path: Path) -> bool:
        """Put a file where no object is; return False when the same one is there already.

        Tried again while the store fails. ObjectExistsError when another object has the name.
        """
        failures = 0
        while True:
            try:
                obstore.put(self._store, name, path, mode="create")
                return True
            except AlreadyExistsError:
                if self._is_same(name, path):
                    return False
                raise ObjectExistsError(
                    f"{self.url}/{name} is there already and is another object.",
                    saved=f"Neither was touched; ours is {path}.",
                    next_step="Does somebody else land under the same prefix? Name another one.",
                ) from None
            except _FAILURES as error:
                failures += 1
                pause = PUT_RETRIES.pause_seconds(failures)
                if pause is None:
                    raise self._failure(error) from error
                time.sleep(pause)

    def _is_same(self, name: str, path: Path) -> bool:
        try:
            if obstore.head(self._store, name)["size"] != path.stat().st_size:
                return False
            return bytes(obstore.get(self._store, name).bytes()) == path.read_bytes()
        except _FAILURES as error:
            raise self._failure(error) from error

    def publish(self, name: str, path: Path) -> None:
        """Put a file, in place of an object that has the name already."""
        try:
            self.put(name, path)
        except ObjectExistsError:
            self.replace(name, path)

    def replace(self, name: str, path: Path) -> None:
        """Put a file in place of an object, unless another writer changed that meanwhile.

        Only S3 compares; a folder and memory have one writer.
        """
        try:
            tag = obstore.head(self._store, name)["e_tag"]
            mode: Any = {"e_tag": tag} if tag and self._bucket is not None else "overwrite"
            obstore.put(self._store, name, path, mode=mode)
        except _FAILURES as error:
            raise self._failure(error) from error

    def fetch(self, name: str, target: Path) -> Path:
        """Copy an object to a file, whole or not at all, and return the file."""
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with atomic_open(target) as file:
                for chunk in obstore.get(self._store, name).stream(min_chunk_size=_CHUNK_BYTES):
                    file.write(chunk)
        except _FAILURES as error:
            raise self._failure(error) from error
        return target

    def delete(self, name: str) -> None:
        """Delete an object; one that is missing is deleted already."""
        try:
            obstore.delete(self._store, name)
        except _MISSING:
            return
        except _FAILURES as error:
            raise self._failure(error) from error

    def _failure(self, error: Exception) -> StoreError:
        """Describe a failure in one line, because the library's own text is pages long."""
        text = str(error).split("\n\nDebug")[0].splitlines()[0][:300] if str(error) else ""
        secret = os.environ.get("AWS_SECRET_ACCESS_KEY")
        if secret:
            text = text.replace(secret, "***")
        return StoreError(
            f"{self.url} fails: {text}",
            saved="What is not there yet waits in the data folder; nothing is lost.",
            next_step="Check endpoint, keys and bucket, then run the same command again.",
        )


def _is_bucket_missing(error: Exception) -> bool:
    code = _S3_CODE.search(str(error))
    return isinstance(error, _MISSING) or (code is not None and code[1] == "NoSuchBucket")


def open_objects(url: str) -> ObjectStore:
    """Open the objects of `s3://bucket/prefix`, `file:///folder` or `memory://`.

    Endpoint, region and keys come from the usual `AWS_...` variables; an endpoint without TLS is
    accepted where it was named. UsageError for any other URL.
    """
    parts = urlsplit(url)
    if parts.scheme == "s3" and parts.netloc:
        return _s3_objects(url, parts.netloc, parts.path.strip("/"))
    if parts.scheme == "file":
        return local_objects(Path(unquote(parts.path)))
    if parts.scheme == "memory":
        return ObjectStore(url, _memory_stores.setdefault(url, MemoryStore()))
    raise UsageError(f"{url!r} is no object store.", next_step="Say s3://bucket/prefix.")


def _s3_objects(url: str, bucket: str, prefix: str) -> ObjectStore:
    options: dict[str, Any] = {
        "client_options": {"allow_http": True, "timeout": "60s", "connect_timeout": "5s"},
        "retry_config": _RETRIES,
    }
    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    if endpoint:
        options["endpoint"] = endpoint
    try:
        store = S3Store(bucket, prefix=prefix or None, **options)
        return ObjectStore(url, store, S3Store(bucket, **options))
    except BaseError as error:
        raise ConfigurationError(f"{url} cannot be used: {error}.") from None


def local_objects(root: Path) -> ObjectStore:
    """Open the objects in a folder; StoreError when it cannot be written."""
    try:
        return ObjectStore(root.resolve().as_uri(), LocalStore(str(root.resolve()), mkdir=True))
    except (*_FAILURES, ValueError) as error:
        raise StoreError(f"{root} cannot be written: {str(error).splitlines()[0]}") from None


__all__ = ["ObjectExistsError", "ObjectStore", "local_objects", "open_objects"]
