"""SoundCloud: what people upload, and what listeners say of it, second by second."""
