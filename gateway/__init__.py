"""The doors: HTTP, GraphiQL, health, and the way of a request through the other packages."""
