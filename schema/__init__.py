"""The GraphQL API of one catalog: types, plans, SQL, and their execution."""
