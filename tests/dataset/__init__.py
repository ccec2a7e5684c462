"""Folders, importers, the doctor."""
