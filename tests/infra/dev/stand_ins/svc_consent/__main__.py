from tests.infra.dev.stand_ins.stand_in import main

main(__package__ or "")
