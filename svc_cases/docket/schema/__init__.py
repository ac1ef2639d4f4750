"""The docket in GraphQL: ``public`` looks up and corrects, ``changes`` is the office's own."""
