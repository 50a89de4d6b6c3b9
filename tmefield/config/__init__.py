"""From a TOML file to a case that can be solved: schema, loading, preparation of inputs, model, forecast of memory and time."""
