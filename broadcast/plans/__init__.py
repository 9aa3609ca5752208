"""What each loudspeaker shall do: occurrences materialised, addressed, signed and dispatched."""
