"""`insight`: dashboards."""
