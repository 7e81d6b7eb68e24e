"""Let everything fail once in the modelled Azure, and see whether the deployer ends as if nothing had happened."""
