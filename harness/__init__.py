"""What starts the app and a browser for tests, benchmarks, slides and tools."""
