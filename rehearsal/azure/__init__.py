"""A model of Azure: `shapes` knows what each resource looks like, without any state."""
