"""Other ways to serve the same data over GraphQL, as their documentation sets them up; each in its own process."""
