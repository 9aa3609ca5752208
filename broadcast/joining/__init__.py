"""How boxes become loudspeakers, change their keys and places, and leave."""
