"""What is seen at once: one module per screen, each over the same Live."""
