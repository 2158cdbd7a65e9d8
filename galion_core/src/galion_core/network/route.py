"""Where a chain of requests may lead, from the first one on."""

from __future__ import annotations

from copy import copy

from galion_core.errors import PolicyError
from galion_core.network.addresses import AddressPolicy, Kind, shown, written_address


class Route:
    """The hops of one chain: redirects, or what a platform's answers lead to.

    What a person typed may go anywhere, until it has been at a public address; from then on, and
    for what others ask for from the start, only public and allowed addresses are permitted.
    """

    def __init__(self, policy: AddressPolicy | None = None, *, restricted: bool = False) -> None:
        self.policy = policy or AddressPolicy()
        self.restricted = restricted
        self._asked = restricted

    def branch(self) -> Route:
        """Another chain that goes on from here."""
        return copy(self)

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """What the next connection may go to, the most public first."""
        return tuple(each for each in Kind if not self.restricted or each is not Kind.PRIVATE)

    def permits(self, address: str) -> bool:
        """Whether the next connection may go to this address."""
        return self.policy.judge(address) in self.kinds

    def enter(self, address: str) -> bool:
        """Send a request to this address now; False where that is not permitted."""
        kind = self.policy.judge(address)
        if kind not in self.kinds:
            return False
        self.reached(kind)
        return True

    def reached(self, kind: Kind) -> None:
        """A request goes to an address of this kind now."""
        if kind is Kind.PUBLIC:
            self.restricted = True

    def pass_on(self, host: str) -> None:
        """A proxy will look this host up, so the address is known only where the URL spells it.

        Raises PolicyError where that one is not permitted; a name counts as public.
        """
        address = written_address(host)
        if address is None:
            self.restricted = True
        elif not self.enter(address):
            raise self.refusal(host, address)

    def refusal(self, host: str, address: str) -> PolicyError:
        """The error for an address that is not permitted."""
        plain = shown(address)
        who = host if host.strip("[]") == plain else f"{host} ({plain})"
        why = (
            "this download may reach public addresses only"
            if self._asked
            else "a server on a public address led there"
        )
        networks = ",".join((*self.policy.allow, plain))
        return PolicyError(
            f"{who} is not a public address, and {why}",
            hint="If it is meant to be reached by whatever is downloaded, allow it: "
            f"galion config set network.allow {networks}",
            details={"host": host, "address": plain},
        )
