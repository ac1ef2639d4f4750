"""Mutation testing of what decides: each small change of the code must make a test fail.

Own and small, as the tools at hand either copy and rewrite the whole tree or start an interpreter
for each mutant, and know no tests by module: a process that has imported what is heavy is forked
here, and the child loads the changed module under its own name. ``targets.toml`` says which modules
are changed and which tests must notice; ``survivors.toml`` explains those that nobody can notice.
"""
