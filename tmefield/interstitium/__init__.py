"""The fluid of the interstitium: its pressure, its flow, and what it exchanges with vessels and lymphatics."""
