"""The pages, by subject: studio, one generation and its actions, history, shared links, health."""
