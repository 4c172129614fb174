"""Database backend: the tenant lives in a contextvar, the search path in force is compared before each statement."""
