"""``python -m kingtui``."""

from kingtui.cli import main

if __name__ == "__main__":
    main()
