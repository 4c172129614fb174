"""Surveys: what customers answered when they were asked how it was."""
