"""The project asked about itself: doors, floors, addresses, facts, errors, people, words."""
