"""How fast the policy book answers: `python -m bench`, see docs/how-to/measure-the-policy-book.md."""
