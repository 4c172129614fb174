"""Importing contacts from a table: upload, columns, preview, the work in steps, undoing."""
