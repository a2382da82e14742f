"""What the command line may know of partners without a database: the operators that can be simulated."""

from rongjun.partners.operators import OPERATORS

__all__ = ["OPERATORS"]
