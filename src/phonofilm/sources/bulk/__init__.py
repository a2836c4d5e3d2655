"""The contract of sources that publish whole files."""
