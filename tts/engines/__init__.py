"""Speech engines, one module each: text in, WAV bytes out."""
