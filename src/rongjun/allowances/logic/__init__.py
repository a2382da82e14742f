"""What is owed, to the fen: plain values in, plain values out. No Django, no clock, no files."""
