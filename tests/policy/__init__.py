"""The shipped policy, judged as a whole: people it was written for, a city it was not."""
