"""The HTTP API beyond its seven old routes."""
