"""What we compare with, on the same database: the raw limit, a plain Django build, django-helpdesk."""
