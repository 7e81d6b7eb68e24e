"""A model of a cluster: what secret sync, trust bundles and AIO make of what was deployed into the modelled Azure."""
