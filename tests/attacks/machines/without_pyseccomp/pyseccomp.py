"""libseccomp is not installed: this is what its Python binding then says."""

raise RuntimeError("Unable to find libseccomp")
