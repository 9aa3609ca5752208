// Runs before the first paint: marks that scripts work, so controls that need them take their place at once.
document.documentElement.classList.add("js");
