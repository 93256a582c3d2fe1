"""kingtui: The Kingfisher's liquidation charts as numbers, levels and reports, live in the terminal."""

__version__ = "0.1.0"
