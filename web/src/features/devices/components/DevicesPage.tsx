/** The Macs of this account: pairing one, looking after them. */
import { useQuery } from "@tanstack/react-query";
import { Failed } from "@/components/ui/Empty";
import { Icon } from "@/components/ui/Icon";
import { Later } from "@/components/ui/Later";
import type { Device } from "@/lib/api/types";
import { useTitle } from "@/lib/document-title";
import { useNow } from "@/lib/now";
import { devicesQuery, isActive } from "@/lib/queries/devices";
import { dateWords } from "@/lib/time";
import { counted } from "@/lib/words";
import { DeviceCard } from "./DeviceCard";
import { FirstRun } from "./FirstRun";
import { PairForm } from "./PairForm";

export function DevicesPage() {
  useTitle("Devices");
  const query = useQuery(devicesQuery);
  const devices = query.data?.devices ?? [];
  if (query.data && devices.length === 0) return <FirstRun />;
  return (
    <main className="page" id="main">
      <div className="page-in">
        <h1>Devices</h1>
        <p>The Macs that bring your messages here. You can have more than one.</p>
        <PairForm className="card pair" labelledBy="pair-title">
          <div>
            <h2 id="pair-title">Pair a Mac</h2>
            <p className="muted">
              Type the six digits it shows. Only approve a code that you can see on your own Mac.
            </p>
          </div>
        </PairForm>
        {query.isPending && (
          <Later>
            <p className="ghosts" role="status">
              <span className="sr">Loading the devices</span>
              <i />
              <i />
            </p>
          </Later>
        )}
        {query.isError && !query.data && <Failed what="The list of devices" retry={() => query.refetch()} />}
        <DeviceLists devices={devices} />
      </div>
    </main>
  );
}

function DeviceLists({ devices }: { devices: readonly Device[] }) {
  const now = useNow(1);
  const active = devices.filter(isActive);
  const gone = devices.filter((device) => !isActive(device));
  return (
    <>
      {active.length > 0 && (
        <>
          <h2 className="sec">
            Paired <span>{counted(active.length, "Mac")}</span>
          </h2>
          <ul className="devs">
            {active.map((device) => (
              <DeviceCard key={device.deviceId} device={device} now={now} />
            ))}
          </ul>
        </>
      )}
      {gone.length > 0 && (
        <>
          <h2 className="sec">
            Deactivated <span>can no longer sync; the messages stay</span>
          </h2>
          <ul className="devs">
            {gone.map((device) => (
              <li className="card dev gone" key={device.deviceId}>
                <div className="h">
                  <span className="glyph">
                    <Icon name="laptop" />
                  </span>
                  <div>
                    <h3>
                      <bdi>{device.name}</bdi>
                    </h3>
                    <p className="small faint">{farewell(device, now)}</p>
                  </div>
                </div>
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  );
}

function farewell(device: Device, now: Date): string {
  const day = (at: string) => dateWords(new Date(at), now);
  const gone = device.deactivatedAt ? `Deactivated ${day(device.deactivatedAt)}` : "Deactivated";
  return device.lastSyncAt ? `${gone}, last sync ${day(device.lastSyncAt)}` : gone;
}
