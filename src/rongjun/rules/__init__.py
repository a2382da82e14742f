"""`rules`: the policy book."""
