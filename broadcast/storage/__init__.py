"""What is kept and how: the database, its events and audit log, and the files of the audio library."""
