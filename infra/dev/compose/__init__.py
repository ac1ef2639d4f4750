"""The build step that composes the services' schemas into the gateway's supergraph."""
