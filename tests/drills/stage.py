"""One run of one drill: its seed, its history, its processes, and what the checker says in the end."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from conversations.models import Conversation
from tenants.scope import tenant_scope
from tests.drills import evidence, ground
from tests.drills.checker import Breach, check, sound
from tests.drills.clients import Reply, give_up_unconfirmed
from tests.drills.generator import Generator, Webhook
from tests.drills.ground import Brand
from tests.drills.history import History
from tests.drills.mends import make_serial
from tests.drills.processes import Process, Simulator, Web, Worker
from tests.drills.readers import Reader
from tests.drills.relay import Relay

SETTLE_SECONDS = 150.0
READ_SECONDS = 30.0
QUIET_SECONDS = 1.0

P = TypeVar("P", bound=Process)


class Stage:
    """What a drill acts on. is_short: the small edition. without: the mend that is removed, "" for none."""

    def __init__(self, drill: str, seed: int, folder: Path, *, is_short: bool, without: str = "") -> None:
        self.seed = seed
        self.is_short = is_short
        self.rng = random.Random(f"{drill} {seed}")
        run = f"{drill}-{seed}" + (f"-{without}" if without else "")
        self.history = History(folder / f"{run}.jsonl")
        self.log = folder / f"{run}.log"
        self.generator = Generator(random.Random(f"{drill} {seed} load"), f"{drill[:1]}{seed}")
        self.brands: list[Brand] = []
        self.simulator: Simulator | None = None
        self.relay: Relay | None = None
        self.found: list[Breach] = []  # what the drill itself has seen broken
        self.judged: Callable[[], Sequence[Breach]] | None = None  # by other laws than those of `check`
        self._without = without
        self._processes: list[Process] = []
        self._readers: list[Reader] = []

    # --- actors -------------------------------------------------------------------------------------------

    def brand(self, *kinds: str) -> Brand:
        """A new brand with these accounts, Messenger and LINE by default."""
        road = self.relay or self.simulator
        url = road.url if road else ground.NOWHERE
        brand = ground.make_brand(kinds or ("messenger", "line"), url)
        if self._without == "serial_numbers":
            make_serial(brand.tenant)
        self.brands.append(brand)
        return brand

    def brand_without_accounts(self) -> Brand:
        """A new brand that nothing is connected to yet."""
        brand = ground.make_brand(())
        self.brands.append(brand)
        return brand

    def web(self, *disturbances: str, **variables: str) -> Web:
        """A running web server."""
        return self._started(Web(self.log, changes=self._changes(disturbances), **variables))

    def worker(self, *disturbances: str, **variables: str) -> Worker:
        """A running worker."""
        return self._started(Worker(self.log, changes=self._changes(disturbances), **variables))

    def platforms(self) -> Simulator:
        """The running platform doubles; brands made afterwards send to them."""
        self.simulator = self._started(Simulator(self.log))
        return self.simulator

    def road_to_platforms(self) -> Relay:
        """The running platform doubles behind a road that the drill can disturb."""
        self.relay = Relay(self.platforms().url)
        return self.relay

    def follow(self, kind: Callable[..., Reader], brand: Brand, web: Web, name: str) -> Reader:
        """A reader of the brand's log from here on."""
        after = evidence.read_database([brand.tenant]).newest[brand.slug]
        reader = kind(self.history, brand, web, name, after)
        self._readers.append(reader)
        return reader

    # --- load ---------------------------------------------------------------------------------------------

    def webhooks(self, customers: int, messages: int) -> list[Webhook]:
        """Webhooks for all accounts of all brands."""
        accounts = [account for brand in self.brands for account in brand.accounts]
        return self.generator.webhooks(accounts, customers, messages)

    def replies(self, brand: Brand, each: int) -> list[Reply]:
        """So many answers for every conversation of the brand, in turns."""
        with tenant_scope(brand.tenant):
            rows = Conversation.objects.order_by("id").values_list(
                "id", "inbox__account_id", "identity__address"
            )
            places = list(rows)
        return [
            Reply(brand, conversation, account, customer, f"answer {self.seed}.{turn}.{conversation}")
            for turn in range(each)
            for conversation, account, customer in places
        ]

    # --- the end ------------------------------------------------------------------------------------------

    def settle(self, seconds: float = SETTLE_SECONDS) -> None:
        """Wait until nothing waits to be sent and no webhook of the doubles is on its way. An agent gives up what
        is not confirmed, so that the answers behind it can go. seconds: the longest wait."""
        assert self.simulator is not None
        self.simulator.call("POST release")
        quiet_since = time.monotonic()
        deadline = quiet_since + seconds
        while time.monotonic() - quiet_since < QUIET_SECONDS and time.monotonic() < deadline:
            waiting = self.simulator.call("GET record")["waiting"]
            for brand in self.brands:
                give_up_unconfirmed(self.history, brand)
            if waiting or evidence.unsettled(brand.tenant for brand in self.brands):
                quiet_since = time.monotonic()
            time.sleep(0.2)

    def let_read(self, seconds: float = READ_SECONDS) -> bool:
        """Give the readers time to come to the end of the log; whether all did."""
        newest = evidence.read_database([brand.tenant for brand in self.brands]).newest
        return all(reader.reached(newest[reader.tenant], seconds) for reader in self._readers)

    def judge(self) -> list[Breach]:
        """What the checker says, once what was on its way has arrived."""
        time.sleep(QUIET_SECONDS)
        if self.judged is not None:
            return [*self.found, *self.judged()]
        platform = evidence.accepted(self.simulator.call("GET record")["sends"]) if self.simulator else None
        database = evidence.read_database([brand.tenant for brand in self.brands])
        return [*self.found, *check(self.history.lines, database, platform)]

    def sound(self) -> list[Breach]:
        """Breaches of the laws that hold whatever was posted and written."""
        return sound(evidence.read_database([brand.tenant for brand in self.brands]))

    def close(self) -> None:
        """End everything that was started here."""
        for reader in self._readers:
            reader.stop()
        if self.relay is not None:
            self.relay.shut()
        for process in self._processes:
            process.ask_to_stop()
        for process in self._processes:
            process.stop()
        for brand in self.brands:
            ground.close(brand)
        self.history.close()

    def _changes(self, disturbances: Sequence[str]) -> list[str]:
        return [*filter(None, [self._without]), *disturbances]

    def _started(self, process: P) -> P:
        self._processes.append(process)
        process.start()
        return process
