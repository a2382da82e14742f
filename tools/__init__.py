"""What makes the two commands work; everything here but checks.py runs before the environment exists."""
