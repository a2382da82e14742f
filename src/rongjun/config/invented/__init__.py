"""The invented city: people nobody could be, from a seed and a number. `people` is pure; `loading` writes."""
