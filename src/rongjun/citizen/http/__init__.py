"""Views of the citizen pages, by what they are about."""
