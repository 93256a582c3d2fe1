"""What the API is measured beside: ``/health`` and nothing else, by FastAPI or by Flask.

    python -m benchmarks.bare fastapi|flask PORT

Flask's server is its own, a thread per connection, as the scripts that kingtui replaces run it. It is no dependency:
where it is not installed it is left out.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import Any


def answer() -> dict[str, Any]:
    """What ``/health`` says."""
    return {"status": "healthy", "service": "bare", "timestamp": datetime.now(UTC).isoformat()}


def by_fastapi(port: int) -> None:
    """One route without a word of ours, on the same server."""
    import uvicorn
    from fastapi import FastAPI

    app = FastAPI()

    @app.get("/health")
    async def health() -> dict[str, Any]:
        return answer()

    uvicorn.run(app, port=port, log_config=None, access_log=False)


def by_flask(port: int) -> None:
    """As the old scripts did it."""
    import logging

    from flask import Flask, jsonify  # type: ignore[import-not-found]

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    app = Flask("bare")

    @app.get("/health")
    def health() -> Any:
        return jsonify(answer())

    from werkzeug.serving import WSGIRequestHandler

    WSGIRequestHandler.protocol_version = "HTTP/1.1"
    app.run(port=port, threaded=True)


if __name__ == "__main__":
    {"fastapi": by_fastapi, "flask": by_flask}[sys.argv[1]](int(sys.argv[2]))
