"""What the registry adds to templates."""
