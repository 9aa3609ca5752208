"""Drives any loudspeaker over MQTT as a server would, and says of each rule whether it holds."""

from .bench import Setup
from .runner import RULES, run
from .verdicts import Outcome, Rule, Verdict

__all__ = ["RULES", "Outcome", "Rule", "Setup", "Verdict", "run"]
