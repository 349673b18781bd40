"""Other GraphQL servers on the same data, set up as documented; each in its own process."""
