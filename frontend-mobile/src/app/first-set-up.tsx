import { Card } from '../features/access/card';
import { useTexts } from '../i18n';
import { Button } from '../ui/button';

/** To whoever came by the link of the server's first start: the way to the pages that set it up. */
export function FirstSetUp({ onLater }: { readonly onLater: () => void }) {
  const t = useTexts();
  return (
    <Card
      title={t.firstSetUp.title}
      text={t.firstSetUp.text}
      below={
        <Button kind="plain" onClick={onLater}>
          {t.firstSetUp.later}
        </Button>
      }
    >
      <Button kind="primary" wide onClick={() => location.assign('/admin')}>
        {t.firstSetUp.go}
      </Button>
    </Card>
  );
}
