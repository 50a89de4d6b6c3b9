"""Readers of vessel networks, one format a file."""
