"""A help desk's core as most people would write it: Django, REST framework, ORM, Channels in memory, one process."""
