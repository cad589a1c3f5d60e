/** Deactivating cannot be undone for this key, so it asks first. */
import { Button } from "@/components/ui/Button";
import { Dialog } from "@/components/ui/Dialog";
import { Icon } from "@/components/ui/Icon";
import type { Device } from "@/lib/api/types";
import { useDeactivateDevice } from "../api/devices";

export function DeactivateDialog({ device, onClose }: { device: Device; onClose: () => void }) {
  const deactivate = useDeactivateDevice();
  return (
    <Dialog alert title={`Deactivate ${device.name}?`} onClose={onClose}>
      <p className="muted">
        It can no longer bring messages, from the next second on. The messages it brought stay here. To use it
        again, pair it anew.
      </p>
      {deactivate.isError && (
        <p className="help bad" role="alert">
          <Icon name="alert" />
          It is still active: the server did not answer as it should. Try again.
        </p>
      )}
      <footer>
        <Button onClick={onClose}>Keep it</Button>
        <Button
          kind="danger solid"
          waiting={deactivate.isPending}
          onClick={() => deactivate.mutate(device.deviceId ?? "", { onSuccess: onClose })}
        >
          Deactivate
        </Button>
      </footer>
    </Dialog>
  );
}
