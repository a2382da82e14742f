"""Whole journeys in Chromium against a city started by `rongjun demo`."""
