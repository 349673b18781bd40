"""Round trips by column type: what is answered finds its row, pages, saves and stays as it is."""
