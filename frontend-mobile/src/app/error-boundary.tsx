import { Component, type ReactNode } from 'react';
import { useTexts } from '../i18n';
import { Button } from '../ui/button';
import { FullPage } from './full-page';

/** Catches a defect of the page: what is stored is not touched by it, and that is said. */
export class ErrorBoundary extends Component<{ readonly children: ReactNode }, { readonly failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError(): { failed: boolean } {
    return { failed: true };
  }

  override render(): ReactNode {
    return this.state.failed ? <WentWrong /> : this.props.children;
  }
}

function WentWrong() {
  const t = useTexts();
  return (
    <FullPage title={t.app.wentWrongTitle} text={t.app.wentWrongText}>
      <Button kind="primary" onClick={() => location.reload()}>
        {t.app.reload}
      </Button>
    </FullPage>
  );
}
