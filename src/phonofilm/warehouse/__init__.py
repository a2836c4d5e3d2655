"""From landing to relations: load, quality, snapshots, exports, keeping."""
