import type { DraftFile } from '../../client';
import { isolate, useFormats, useTexts } from '../../i18n';
import { Button } from '../../ui/button';
import { Line } from '../../ui/line';

/** Files that were chosen before the page was loaded anew: which they were, and the way to choose them again. */
export function UnreadableFiles({
  files,
  onChoose,
  onDrop,
}: {
  readonly files: readonly DraftFile[];
  readonly onChoose: () => void;
  readonly onDrop: () => void;
}) {
  const t = useTexts();
  const formats = useFormats();
  return (
    <Line
      icon="attach"
      boxed
      actions={
        <>
          <Button kind="plain" onClick={onChoose}>
            {t.files.chooseAgain}
          </Button>
          <Button kind="plain" onClick={onDrop}>
            {t.files.leaveOut}
          </Button>
        </>
      }
    >
      {t.files.unreadable(formats.list(files.map(file => `${isolate(file.name)} (${formats.bytes(file.size)})`)))}
    </Line>
  );
}
