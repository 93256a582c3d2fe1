"""Live prices from five venues that need no key, asked in turn.

``venues`` how each one is asked and answers, ``pairs`` what a symbol is called there, ``breaker`` when a venue is left
alone, ``feed`` all of it together.
"""
