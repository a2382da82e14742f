"""What decides about 荣军保: plain values in, plain values out."""
