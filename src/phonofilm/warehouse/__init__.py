"""The warehouse: responses and dumps as tables, loaded, published as snapshots and exported."""
