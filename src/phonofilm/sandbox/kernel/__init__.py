"""The server of the sandbox: delivery, faults, one service per source."""
