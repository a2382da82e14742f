"""The views of the workbench: the first screen, people, the policy book, the evidence chain."""
