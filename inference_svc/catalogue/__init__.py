"""The models that the owner can see, by the manifest and by what is loaded."""
