"""All options, a module for each subject; they are read through `config`."""
