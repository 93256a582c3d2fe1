"""What the commands do, one module each; ``kingtui.cli`` only knows their names and flags."""
