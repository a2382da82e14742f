"""What places decides without a database: the tree, the stations' file, the drawing."""
