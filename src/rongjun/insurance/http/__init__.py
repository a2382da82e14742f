"""Addresses of the insurance: where hospitals send settlements, and the officers' pages."""
