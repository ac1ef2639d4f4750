"""What is wrong with the policy, always with the file and the line or coordinate to look at."""

from infra.errors import GoldenThreadError


class PolicyError(GoldenThreadError):
    """The policy or the labels are not acceptable; the gateway does not start with them."""

    code = "POLICY_INVALID"

    def __init__(self, message: str, where: str) -> None:
        super().__init__(f"{where}: {message}")
        self.message = message
        self.where = where
