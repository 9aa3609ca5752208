"""The commands of ``truyen-thanh``, one module per group of them."""
