"""iTunes Search: previews and one genre of everything, without a key."""
