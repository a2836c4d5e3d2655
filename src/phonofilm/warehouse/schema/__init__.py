"""Tables, field times and the merge rule, as SQL."""
