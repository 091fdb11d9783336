"""The commands, one module a subject; what a command needs is loaded when it runs, so that small ones are quick."""
