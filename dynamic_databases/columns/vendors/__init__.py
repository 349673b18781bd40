"""How each vendor names the types of columns and changes a column, a module per vendor."""
