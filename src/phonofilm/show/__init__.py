"""Views of the warehouse: rows, reports and pictures."""
