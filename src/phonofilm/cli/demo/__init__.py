"""`phonofilm demo`: collect a simulated world and show the result."""
