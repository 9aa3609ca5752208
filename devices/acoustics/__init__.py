"""Whether a horn really sounded: coarse band energies of what was heard, beside those of what was played."""
