"""Large schemas are written in a process of their own."""
