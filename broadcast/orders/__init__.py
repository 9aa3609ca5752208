"""What is said to loudspeakers at once: the outbox, commands, alerts and STOP."""
