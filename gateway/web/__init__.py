"""HTTP in and out: GraphQL over HTTP, health, developer pages."""
