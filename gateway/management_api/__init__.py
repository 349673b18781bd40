"""The management schema at `/manage/graphql`: what operators do by commands, as GraphQL."""
