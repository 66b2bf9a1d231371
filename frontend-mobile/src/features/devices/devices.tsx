import { useCallback, useEffect, useId, useState } from 'react';
import type { Device, Offboarded } from '../../client';
import { explain, useFormats, useTexts } from '../../i18n';
import { navigate, to } from '../../page/router';
import { useClient } from '../../page/use-client';
import { Button } from '../../ui/button';
import { Dialog } from '../../ui/dialog';
import { Switch, TextField } from '../../ui/field';
import { Icon } from '../../ui/icon';
import { Pane, Row, Section } from '../../ui/pane';
import { Problem } from '../../ui/problem';
import { useAction } from '../../ui/use-action';
import { AddDevice } from './add-device';
import { Receipt } from './receipt';

/** The account's devices: which there are, letting one in, and removing one. */
export function Devices() {
  const t = useTexts();
  const formats = useFormats();
  const client = useClient();
  const [devices, setDevices] = useState<readonly Device[]>([]);
  const [problem, setProblem] = useState<string | null>(null);
  const [adding, setAdding] = useState(false);
  const [removing, setRemoving] = useState<Device | null>(null);
  const [removed, setRemoved] = useState<{ readonly device: { id: string; name: string }; readonly receipt: Offboarded; readonly lost: boolean } | null>(null);
  const [naming, setNaming] = useState<Device | null>(null);

  const read = useCallback(() => {
    client
      .request('devices.list')
      .then(list => {
        setDevices(list);
        setProblem(null);
      })
      .catch((error: unknown) => setProblem(explain(error, t, formats)));
  }, [client, t, formats]);
  useEffect(() => {
    read();
    return client.onEvent(event => event.type === 'devices' && read());
  }, [client, read]);

  const nameOf = (device: Device): string => device.name ?? (device.current ? t.devices.thisOne : `${t.devices.other} ${device.id.slice(0, 4)}`);
  const sorted = [...devices].sort((a, b) => Number(b.current) - Number(a.current) || (a.lastSeen < b.lastSeen ? 1 : -1));
  return (
    <Pane title={t.devices.title} back={to.settings}>
      <Section text={t.devices.text}>
        {sorted.map(device => (
          <Row
            key={device.id}
            start={<Icon name="device" />}
            title={<bdi>{nameOf(device)}</bdi>}
            text={
              device.waiting
                ? t.devices.waiting
                : `${device.current && device.name ? `${t.devices.thisOne} · ` : ''}${t.devices.added(formats.date(device.added))} · ${t.devices.seen(formats.date(device.lastSeen))}`
            }
            end={
              device.current ? (
                <Button onClick={() => setNaming(device)}>{t.devices.rename}</Button>
              ) : (
                <Button kind="danger" onClick={() => setRemoving(device)}>
                  {t.devices.remove}
                </Button>
              )
            }
          />
        ))}
        <Problem text={problem} />
      </Section>
      <Button kind="primary" icon="add" wide onClick={() => setAdding(true)}>
        {t.devices.add}
      </Button>
      {adding && (
        <AddDevice
          onClose={() => {
            setAdding(false);
            read();
          }}
        />
      )}
      {naming && (
        <Rename
          device={naming}
          onClose={() => {
            setNaming(null);
            read();
          }}
        />
      )}
      {removing && (
        <Remove
          device={removing}
          onClose={() => setRemoving(null)}
          onRemoved={(receipt, lost) => {
            setRemoved({ device: { id: removing.id, name: nameOf(removing) }, receipt, lost });
            setRemoving(null);
            read();
          }}
        />
      )}
      {removed && <Receipt {...removed} onClose={() => setRemoved(null)} onRecovery={() => navigate(to.recovery)} />}
    </Pane>
  );
}

function Remove({
  device,
  onClose,
  onRemoved,
}: {
  readonly device: Device;
  readonly onClose: () => void;
  readonly onRemoved: (receipt: Offboarded, lost: boolean) => void;
}) {
  const t = useTexts();
  const client = useClient();
  const [lost, setLost] = useState(false);
  const remove = useAction(async () => {
    onRemoved(await client.request(lost ? 'devices.removeLost' : 'devices.remove', { device: device.id }), lost);
  });
  return (
    <Dialog
      title={t.devices.removeTitle}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>{t.app.cancel}</Button>
          <Button kind="danger" busy={remove.busy} onClick={() => void remove.run()}>
            {t.devices.remove}
          </Button>
        </>
      }
    >
      <p>{t.devices.removeText}</p>
      <Switch label={t.devices.lost} hint={t.devices.lostText} on={lost} onChange={setLost} />
      <Problem text={remove.problem} />
    </Dialog>
  );
}

function Rename({ device, onClose }: { readonly device: Device; readonly onClose: () => void }) {
  const t = useTexts();
  const client = useClient();
  const form = useId();
  const rename = useAction((name: string) => client.request('devices.name', { name }));
  return (
    <Dialog
      title={t.devices.renameTitle}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>{t.app.cancel}</Button>
          <Button kind="primary" type="submit" form={form} busy={rename.busy}>
            {t.devices.rename}
          </Button>
        </>
      }
    >
      <form
        id={form}
        onSubmit={event => {
          event.preventDefault();
          void rename.run(String(new FormData(event.currentTarget).get('name') ?? '').trim()).then(done => done && onClose());
        }}
      >
        <TextField name="name" label={t.logIn.device} hint={t.logIn.deviceHint} defaultValue={device.name ?? ''} maxLength={60} autoComplete="off" autoFocus />
        <Problem text={rename.problem} />
      </form>
    </Dialog>
  );
}
