"""One engine per database: the same schema, the same merge rule."""
