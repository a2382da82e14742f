"""Addresses of benefits: where devices send uses."""
