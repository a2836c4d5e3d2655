"""Recipe in, dataset out: music and film catalogues collected politely, durably, lawfully."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from phonofilm.about import __version__

__all__ = ["Crate", "__version__", "open"]

if TYPE_CHECKING:
    from phonofilm.api import Crate, open  # noqa: A004


def __getattr__(name: str) -> Any:
    """Import `open` and `Crate` on first use, because the command line starts faster without."""
    if name in ("open", "Crate"):
        from phonofilm import api  # noqa: PLC0415

        return getattr(api, name)
    raise AttributeError(f"module 'phonofilm' has no attribute {name!r}")
