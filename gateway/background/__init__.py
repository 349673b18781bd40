"""Threads that follow changes made by other processes."""
