"""What a payment may be and become; plain values, no clock."""
