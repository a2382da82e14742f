"""The launcher over real clusters."""
