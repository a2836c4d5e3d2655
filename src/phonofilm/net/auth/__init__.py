"""Access tokens: of a client and of a user."""
