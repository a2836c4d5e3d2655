"""Registry of sources: one folder per built-in source, one entry point per source of a package.

A package registers its source in its own pyproject.toml:

    [project.entry-points."phonofilm.sources"]
    tidal = "phonofilm_tidal.source:SOURCE"
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from importlib.resources import files

from phonofilm.errors import ConfigurationError, UsageError
from phonofilm.sources.bulk.contract import BulkSource
from phonofilm.sources.http import HttpSource
from phonofilm.sources.manifest import Manifest

GROUP = "phonofilm.sources"
"""The group of entry points, and the package of the built-in sources."""


@cache
def _built_in() -> tuple[str, ...]:
    folders = (folder for folder in files(GROUP).iterdir() if folder.is_dir())
    return tuple(sorted(f.name for f in folders if f.joinpath("manifest.toml").is_file()))


@cache
def _registered() -> dict[str, EntryPoint]:
    """Return the entry points by name; a built-in source keeps its name."""
    points = entry_points(group=GROUP)
    return {point.name: point for point in points if point.name not in _built_in()}


@cache
def source_names() -> tuple[str, ...]:
    """Return the names of all sources: the built-in ones, then those of other packages."""
    return (*_built_in(), *sorted(_registered()))


@cache
def get(name: str) -> HttpSource:
    """Load a source by name.

    UsageError names the sources there are; ConfigurationError names a package that is broken.
    """
    if name in _built_in():
        source: HttpSource = import_module(f"{GROUP}.{name}.source").SOURCE
        return source
    if name not in _registered():
        raise UsageError(
            f"There is no source called {name!r}.",
            next_step=f"Sources: {', '.join(source_names())}.",
        )
    return _load(_registered()[name])


def _load(point: EntryPoint) -> HttpSource:
    """Import a source of another package; its manifest must carry the registered name."""
    package = point.dist.name if point.dist else point.module
    next_step = f"Correct the package {package}, or remove it: pip uninstall {package}"
    try:
        source = point.load()
    except Exception as error:  # code of another package may raise anything
        reason = str(error) if isinstance(error, ConfigurationError) else repr(error)
        raise ConfigurationError(
            f"Cannot load the source {point.name!r} of {package}: {reason}", next_step=next_step
        ) from error
    if not isinstance(source, HttpSource) or source.manifest.name != point.name:
        raise ConfigurationError(
            f"{point.value} of {package} is not a source called {point.name!r}.",
            next_step=next_step,
        )
    return source


def manifests() -> Iterator[Manifest]:
    """Load the manifests of all sources, in the order of their names."""
    return (get(name).manifest for name in source_names())


def sources_with(*endpoints: str) -> list[str]:
    """Return the names of the sources that have all of these endpoints."""
    return [m.name for m in manifests() if m.endpoints.keys() >= set(endpoints)]


@cache
def bulk_names() -> tuple[str, ...]:
    """Return the names of the sources that give whole files."""
    return tuple(manifest.name for manifest in manifests() if manifest.files)


def get_bulk(name: str) -> BulkSource:
    """Load a source that gives whole files; UsageError names those that do."""
    source = get(name) if name in source_names() else None
    if not isinstance(source, BulkSource):
        raise UsageError(
            f"{name!r} gives no whole files.", next_step=f"Such sources: {', '.join(bulk_names())}."
        )
    return source
