import { useState } from 'react';
import { useLive } from '../client';
import { useTexts } from '../i18n';
import { takeUpdate, updateWaits } from '../page/service-worker';
import { Button } from '../ui/button';
import { Line } from '../ui/line';

/** A new release is here. It waits until somebody says so: reloading locks. */
export function UpdateLine() {
  const t = useTexts();
  const waits = useLive(updateWaits);
  const [later, setLater] = useState(false);
  if (!waits || later) return null;
  return (
    <Line
      actions={
        <>
          <Button kind="plain" onClick={takeUpdate}>
            {t.update.reload}
          </Button>
          <Button kind="plain" onClick={() => setLater(true)}>
            {t.update.later}
          </Button>
        </>
      }
    >
      {t.update.ready}
    </Line>
  );
}
