"""From words to approved audio: bulletins, the lexicon, recordings, rendering and approval."""
