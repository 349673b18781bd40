"""Hostile input, with the answer that is right for each."""
