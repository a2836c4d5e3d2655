"""Jamendo: music under Creative Commons licences, which may be downloaded and learned from."""
