"""Finding people, and the two ways through a table of terms that finding messages goes as well."""
