"""`files`: evidence documents."""
