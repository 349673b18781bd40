"""Who asks, and for which database."""
