"""The pages, by what they are about; each handler runs one committed operation."""
