"""Federation cases as data: subgraphs, a world, operations; judged by an oracle."""
