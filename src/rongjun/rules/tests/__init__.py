"""Tests of the policy book."""
