"""What loudspeakers report and what it proves: journals, as-run rows, reconciliation."""
