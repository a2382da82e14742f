"""`desk`: the workbench."""
