"""The rehearsal: the unchanged program, evaluated against a model of Azure and of the clusters."""
