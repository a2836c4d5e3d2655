"""An object store: any S3 endpoint, a folder or memory, through one interface.

Nothing is overwritten: an object is put only where none is, so two writers never lose each other's.
"""

from __future__ import annotations

import os
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from phonofilm.errors import ConfigurationError, StoreError, UsageError

try:
    import obstore
    from obstore.exceptions import AlreadyExistsError, BaseError, NotFoundError
    from obstore.store import LocalStore, MemoryStore, S3Store
except ImportError:
    raise ConfigurationError(
        "An object store needs obstore.", next_step="Install it: pip install 'phonofilm[s3]'"
    ) from None

_TRIES = 4
_PAUSE_SECONDS = 0.2
_RETRIES = {"max_retries": 2, "retry_timeout": timedelta(seconds=10)}


class ObjectStore:
    """The objects under a prefix. Names are relative to it, parts joined by `/`."""

    def __init__(self, url: str, store: Any, bucket: Any = None) -> None:
        self.url, self._store, self._bucket = url.rstrip("/"), store, bucket

    def check(self, create: bool = False) -> None:
        """StoreError unless the store can be read; `create` makes a bucket that is missing."""
        try:
            next(iter(obstore.list(self._store, chunk_size=1)), None)
        except BaseError as error:
            if not isinstance(error, NotFoundError) and "NoSuchBucket" not in str(error):
                raise self._failed(error) from error
            if not create:
                raise StoreError(
                    f"There is no bucket for {self.url}.",
                    next_step="Make it, or add --create and phonofilm does.",
                ) from error
            self._create()

    def _create(self) -> None:
        """Makes the bucket: a signed PUT of it, which every S3 endpoint understands."""
        try:
            address = obstore.sign(self._bucket, "PUT", "", expires_in=timedelta(minutes=1))
            request = urllib.request.Request(address, data=b"", method="PUT")  # noqa: S310 - signed
            urllib.request.urlopen(request, timeout=30).close()  # noqa: S310
        except urllib.error.HTTPError as error:
            if error.code != 409:  # somebody else made it meanwhile
                raise StoreError(
                    f"The bucket of {self.url} cannot be made: HTTP {error.code}."
                ) from None
        except (OSError, BaseError) as error:
            raise self._failed(error) from None

    def names(self, prefix: str = "") -> list[str]:
        """All names that begin with a prefix of whole parts, sorted."""
        try:
            found = [m["path"] for rows in obstore.list(self._store, prefix or None) for m in rows]
        except BaseError as error:
            raise self._failed(error) from error
        return sorted(found)

    def put(self, name: str, path: Path) -> bool:
        """Puts a file where nothing is yet; False when the same one is there already.

        Tried again while the store fails. StoreError when another object has the name.
        """
        for attempt in range(_TRIES):
            try:
                obstore.put(self._store, name, path, mode="create")
                return True
            except AlreadyExistsError:
                if self._is_same(name, path):
                    return False
                raise StoreError(
                    f"{self.url}/{name} is there already and is another object.",
                    saved=f"Neither was touched; ours is {path}.",
                    next_step="Does somebody else land under the same prefix? Name another one.",
                ) from None
            except BaseError as error:
                failed = error
                time.sleep(_PAUSE_SECONDS * 2**attempt)
        raise self._failed(failed) from failed

    def _is_same(self, name: str, path: Path) -> bool:
        try:
            if obstore.head(self._store, name)["size"] != path.stat().st_size:
                return False
            return bytes(obstore.get(self._store, name).bytes()) == path.read_bytes()
        except BaseError as error:
            raise self._failed(error) from error

    def publish(self, name: str, path: Path) -> None:
        """Puts a file whether or not one is there, unless somebody changed it meanwhile."""
        try:
            self.put(name, path)
        except StoreError:
            if name not in self.names():
                raise
            self.replace(name, path)

    def replace(self, name: str, path: Path) -> None:
        """Puts a file in place of an object, unless somebody else changed it meanwhile."""
        try:
            tag = obstore.head(self._store, name)["e_tag"]
            mode: Any = {"e_tag": tag} if tag and self._bucket is not None else "overwrite"
            obstore.put(self._store, name, path, mode=mode)
        except BaseError as error:
            raise self._failed(error) from error

    def fetch(self, name: str, target: Path) -> Path:
        """Copies an object into a file, whole or not at all."""
        growing = target.with_name(f"{target.name}.{os.getpid()}.growing")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with growing.open("wb") as file:
                for part in obstore.get(self._store, name).stream(min_chunk_size=1 << 20):
                    file.write(part)
            growing.replace(target)
        except (BaseError, OSError) as error:
            growing.unlink(missing_ok=True)
            raise self._failed(error) from error
        return target

    def delete(self, name: str) -> None:
        """Removes an object."""
        try:
            obstore.delete(self._store, name)
        except BaseError as error:
            raise self._failed(error) from error

    def __iter__(self) -> Iterator[str]:
        return iter(self.names())

    def _failed(self, error: Exception) -> StoreError:
        """What a person is told; the libraries' own words are pages long."""
        text = str(error).split("\n\nDebug")[0].splitlines()[0][:300] if str(error) else ""
        secret = os.environ.get("AWS_SECRET_ACCESS_KEY")
        if secret:
            text = text.replace(secret, "***")
        return StoreError(
            f"{self.url} fails: {text}",
            saved="What is not there yet waits in the data folder; nothing is lost.",
            next_step="Check endpoint, keys and bucket, then run the same command again.",
        )


def open_objects(url: str) -> ObjectStore:
    """The objects of `s3://bucket/prefix`, `file:///folder` or `memory://`.

    Endpoint, region and keys come from the usual `AWS_...` variables; an endpoint without TLS is
    taken where it was named.
    """
    parts = urlsplit(url)
    prefix = parts.path.strip("/")
    if parts.scheme == "s3" and parts.netloc:
        told: dict[str, Any] = {
            "client_options": {"allow_http": True, "timeout": "60s", "connect_timeout": "5s"},
            "retry_config": _RETRIES,
        }
        endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
        if endpoint:
            told["endpoint"] = endpoint
        try:
            store = S3Store(parts.netloc, prefix=prefix or None, **told)
            return ObjectStore(url, store, S3Store(parts.netloc, **told))
        except BaseError as error:
            raise ConfigurationError(f"{url} cannot be used: {error}.") from None
    if parts.scheme == "file":
        return local_objects(Path(unquote(parts.path)))
    if parts.scheme == "memory":
        return ObjectStore(url, _MEMORY.setdefault(url, MemoryStore()))
    raise UsageError(f"{url!r} is no object store.", next_step="Say s3://bucket/prefix.")


def local_objects(root: Path) -> ObjectStore:
    """The objects in a folder; StoreError when it cannot be one."""
    try:
        return ObjectStore(root.resolve().as_uri(), LocalStore(str(root.resolve()), mkdir=True))
    except (BaseError, OSError, ValueError) as error:
        raise StoreError(f"{root} cannot be written: {str(error).splitlines()[0]}") from None


_MEMORY: dict[str, Any] = {}  # memory lasts as long as the process


__all__ = ["ObjectStore", "local_objects", "open_objects"]
