"""A backend of Django's: PostgreSQL as the control database, with a deadline on each statement."""
