"""The controls of the demo's clock."""
