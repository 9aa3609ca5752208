"""What people type into pages, read into typed values with a sentence for every wrong field."""
