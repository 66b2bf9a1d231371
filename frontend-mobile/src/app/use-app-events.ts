import { useEffect } from 'react';
import { useTexts } from '../i18n';
import { navigate, to } from '../page/router';
import { useClient } from '../page/use-client';
import { useToast } from '../ui/toasts';

/** Says what happens to the account and belongs to no page: a new device, and calm lines of the client. */
export function useAppEvents(): void {
  const t = useTexts();
  const client = useClient();
  const say = useToast();
  useEffect(
    () =>
      client.onEvent(event => {
        if (event.type === 'notice') say({ text: event.text });
        if (event.type === 'devices' && event.added.some(id => !event.devices.some(device => device.id === id && device.current))) {
          say({ text: t.devices.newDevice, stays: true, action: { label: t.devices.show, onClick: () => navigate(to.devices) } });
        }
      }),
    [client, say, t],
  );
}
