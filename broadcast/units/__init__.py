"""Who may do what where: areas, people, their rights, and the policies and holidays of a unit."""
