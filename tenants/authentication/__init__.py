"""The ways of proving who asks."""
