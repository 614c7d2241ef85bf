"""Folders that are watched: which images have come, and which have gone."""
