"""What a card's life may be, decided without Django and without a clock."""
