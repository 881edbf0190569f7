"""An snmpd that is away, or does not let the subagent in."""

import os
import re
import time

from fault import Fault
from truth import SESSION
from harness import Agent, wait_for
from rig import lost_for_a_while


class MasterFault(Fault):
    """No answer, or none for the subagent, until it is over; whatever is answered is right all the same."""
    bound = SESSION

    def __init__(self, rig, device, chance):
        self.away = lost_for_a_while(rig)
        super().__init__(rig, device, chance)

    def devices(self):
        return self.rig.devices[:1]

    def end(self):
        self.heal()
        wait_for(self.rig.master.answers, "snmpd answers")
        self.healed = time.monotonic()
        self.away.end = self.healed + self.bound

    def look(self):
        return None if self.rig.master.serves() else "the MIB"

    def settle(self):
        self.away.end = min(self.away.end, time.monotonic())


class Kill(MasterFault):
    title = "snmpd is killed (SIGKILL), then started"
    lasts = (0.0, 3.0)

    def inject(self):
        self.rig.master.kill9()

    def heal(self):
        self.rig.master.start()


class Restart(MasterFault):
    title, lasts = "snmpd is restarted (SIGTERM)", (0.0, 1.0)

    def inject(self):
        self.rig.master.stop()

    def heal(self):
        self.rig.master.start()


class Stop(MasterFault):
    title, lasts, shown = "snmpd hangs (SIGSTOP) for up to 5 s", (1.0, 5.0), 5.0

    def inject(self):
        self.rig.master.pause()

    def heal(self):
        self.rig.master.resume()


class LongStop(Stop):
    title, shown, most_times = "snmpd hangs (SIGSTOP) for 30 s, so that the session is lost", 30.0, 3


class SocketDeleted(MasterFault):
    """Nobody minds until the next connection, for which snmpd has to be restarted."""
    title = "the AgentX socket's file is deleted; then snmpd restarted"

    def inject(self):
        os.unlink(self.rig.master.socket.partition(":")[2])

    def heal(self):
        self.rig.master.restart()


class SocketRefused(MasterFault):
    """snmpd is restarted and its socket lets the subagent, which is not root, not in."""
    title = "snmpd is restarted, its socket refuses the subagent (EACCES)"

    def inject(self):
        self.permit("0000")
        self.rig.master.restart()

    def permit(self, mode):
        path = os.path.join(self.rig.master.directory, "snmpd.conf")
        with open(path, encoding="ascii") as file:
            text = file.read()
        with open(path, "w", encoding="ascii") as file:
            file.write(re.sub("agentXPerms [0-7]+", "agentXPerms " + mode, text))

    def heal(self):
        self.permit("0777")
        os.chmod(self.rig.master.socket.partition(":")[2], 0o777)


class RegistrationTaken(MasterFault):
    """snmpd is restarted and another subagent comes first."""
    title = "another subagent holds the registration, then ends"

    def inject(self):
        self.rig.judging = False        # it tells of other devices
        self.rig.agent.pause()
        self.rig.master.restart()
        self.other = Agent(self.rig.workspace, self.rig.master, self.rig.workspace.directory)
        self.other.start()
        wait_for(self.rig.master.serves, "the other one serves")
        self.rig.agent.resume()
        self.rig.agent.wait_log("snmpd refuses the MIB")

    def heal(self):
        self.other.kill9()
        self.rig.judging = True


MASTERS = [Kill, Restart, Stop]
MORE_MASTERS = [LongStop, SocketDeleted, SocketRefused, RegistrationTaken]
