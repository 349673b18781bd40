"""Runs plans: what is sent to the server, in which order, and what is made of the rows."""
