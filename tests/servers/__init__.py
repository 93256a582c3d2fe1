"""Outside services on loopback: small real servers that speak the protocol and fail on demand."""
