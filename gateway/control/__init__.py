"""The control database: its deadlines, and what holds while it doesn't answer."""
