"""JSON Web Tokens of other issuers (RFC 7519): settings, keys, claims and their check."""
