"""The stack's ComponentResources: given resolved settings, they create what these say and decide nothing themselves."""
