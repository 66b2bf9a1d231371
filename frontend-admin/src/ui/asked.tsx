import { Button } from '@app/ui/button';
import { Line } from '@app/ui/line';
import { Problem } from '@app/ui/problem';
import type { Pages } from '../app/use-pages';
import type { Asked } from '../app/use-dashboard';
import { useWords } from '../i18n';

/** While an answer is on its way, and where none came. */
export function Waiting({ asked }: { readonly asked: Asked<unknown> }) {
  const words = useWords();
  if (asked.problem) {
    return (
      <Line kind="danger" boxed icon="warning">
        {asked.problem}
      </Line>
    );
  }
  return asked.value === null ? <p role="status">{words.loading}</p> : null;
}

/** The way to the next page of a table, where there is one. */
export function More({ pages }: { readonly pages: Pages<unknown> }) {
  const words = useWords();
  return (
    <>
      {pages.hasMore && (
        <Button wide busy={pages.more.busy} onClick={() => void pages.more.run()}>
          {words.more}
        </Button>
      )}
      <Problem text={pages.more.problem} />
    </>
  );
}
