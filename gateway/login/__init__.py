"""Log-in to the admin: failed tries slow later ones; a process of its own hashes passwords."""
