"""Read fetched files back, from the data folder or its object store."""

from __future__ import annotations

from phonofilm.workspace import Workspace


def read_media(workspace: Workspace, path: str) -> bytes | None:
    """Return the bytes of a file by its `path` in the table `media`; None when it is gone.

    A file that was shipped is fetched from the object store and not kept here. StoreError when the
    store fails.
    """
    store = workspace.segments()
    try:
        return store.path(path).read_bytes()
    except OSError:
        return None
    finally:
        store.remove_fetched()
