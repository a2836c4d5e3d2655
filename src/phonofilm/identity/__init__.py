"""Which records are the same thing, why that is thought, and how sure it is."""
