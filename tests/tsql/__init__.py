"""T-SQL without a server: golden statements, read by a parser, held to rules of the manual."""
