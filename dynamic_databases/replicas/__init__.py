"""Replicas of databases: how much each holds of what was written, and which may answer a read."""
