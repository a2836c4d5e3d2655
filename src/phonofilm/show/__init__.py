"""What people look at: reports and queries."""
