import { useState, type FormEvent } from 'react';
import { useTexts } from '../../i18n';
import { linkSecret, type LinkSecret } from '../../page/router';
import { Button } from '../../ui/button';
import { TextField } from '../../ui/field';
import { Card } from './card';
import { LogIn } from './log-in';
import { SignUp } from './sign-up';

/** A browser without an account: come in by an invitation, or as a further device. */
export function Welcome({ link }: { readonly link: LinkSecret | null }) {
  const t = useTexts();
  const [invitation, setInvitation] = useState(link);
  const [page, setPage] = useState<'welcome' | 'log-in' | 'link' | 'sign-up'>(link && link.kind !== 'contact' ? 'sign-up' : 'welcome');

  if (page === 'sign-up' && invitation) return <SignUp invitation={invitation} onLogIn={() => setPage('log-in')} />;
  if (page === 'log-in') return <LogIn onBack={() => setPage('welcome')} />;
  if (page === 'link') {
    return (
      <Invitation
        onBack={() => setPage('welcome')}
        onFound={found => {
          setInvitation(found);
          setPage('sign-up');
        }}
      />
    );
  }
  return (
    <Card title={t.welcome.title} text={t.welcome.text}>
      <Button kind="primary" wide onClick={() => setPage('log-in')}>
        {t.welcome.logIn}
      </Button>
      <Button wide onClick={() => setPage('link')}>
        {t.welcome.haveLink}
      </Button>
    </Card>
  );
}

function Invitation({ onFound, onBack }: { readonly onFound: (link: LinkSecret) => void; readonly onBack: () => void }) {
  const t = useTexts();
  const [problem, setProblem] = useState<string | null>(null);
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const found = linkSecret(String(new FormData(event.currentTarget).get('link')));
    if (found && found.kind !== 'contact') onFound(found);
    else setProblem(t.welcome.linkWrong);
  };
  return (
    <Card
      title={t.welcome.haveLink}
      below={
        <Button kind="plain" icon="back" onClick={onBack}>
          {t.app.back}
        </Button>
      }
    >
      <form onSubmit={submit} noValidate>
        <TextField name="link" label={t.welcome.linkLabel} hint={t.welcome.linkHint} problem={problem} dir="ltr" autoFocus autoComplete="off" />
        <Button kind="primary" type="submit" wide>
          {t.welcome.next}
        </Button>
      </form>
    </Card>
  );
}
