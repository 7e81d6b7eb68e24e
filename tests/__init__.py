"""Tests by tier: unit, rehearsal, golden, nodes, automation."""
