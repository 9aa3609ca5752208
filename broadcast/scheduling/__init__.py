"""What officers put on the air and when: schedules, weeks, calendars, urgent announcements."""
