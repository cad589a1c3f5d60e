"""The fine-tuning process (transformers and peft). It has no code yet; its import contract stands in pyproject.toml."""
