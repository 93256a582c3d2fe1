"""From readings to win rates, records, levels and the two kinds of Markdown. Pure functions: no store, no own clock."""
