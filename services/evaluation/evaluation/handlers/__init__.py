"""The use cases of evaluation: load, decide, save and publish. One module for each thing it owns."""
