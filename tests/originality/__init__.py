"""The evidence that the originality examination is honest: models that are trained here, and published ones."""
