"""What a person must know and do about the fleet: watching, uptime, weekly tests."""
