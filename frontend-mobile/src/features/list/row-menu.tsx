import { useState } from 'react';
import { mutedForGood, type Conversation } from '../../client';
import { explain, useFormats, useTexts } from '../../i18n';
import { isMuted } from '../../page/list-order';
import { useClient } from '../../page/use-client';
import { useNow } from '../../page/use-now';
import { Menu } from '../../ui/menu';
import { useToast } from '../../ui/toasts';
import type { Point } from '../../ui/use-long-press';

const hour = 3_600_000;

/** What can be done with a conversation of the list. */
export function RowMenu({ conversation, at, onClose }: { readonly conversation: Conversation; readonly at: Point; readonly onClose: () => void }) {
  const t = useTexts();
  const formats = useFormats();
  const client = useClient();
  const say = useToast();
  const [muting, setMuting] = useState(false);
  const { id, pinned, archived, markedUnread, unread, last } = conversation;
  const muted = isMuted(conversation, useNow(60_000));
  const tell = (error: unknown) => say({ text: explain(error, t, formats) });
  const mute = (time: number | null) => () => {
    client.request('conversation.mute', { conversation: id, until: time === null ? null : time === mutedForGood ? time : Date.now() + time }).catch(tell);
  };
  const isUnread = markedUnread || unread > 0;

  if (muting) {
    return (
      <Menu
        key="mute"
        label={t.list.mute}
        at={at}
        onClose={onClose}
        items={[
          { label: t.list.muteFor(formats.duration(hour / 1000)), icon: 'clock', onChoose: mute(hour) },
          { label: t.list.muteFor(formats.duration((8 * hour) / 1000)), icon: 'clock', onChoose: mute(8 * hour) },
          { label: t.list.muteFor(formats.duration((7 * 24 * hour) / 1000)), icon: 'clock', onChoose: mute(7 * 24 * hour) },
          { label: t.list.muteAlways, icon: 'bellOff', onChoose: mute(mutedForGood) },
        ]}
      />
    );
  }
  return (
    <Menu
      key="row"
      label={t.list.rowMenu(conversation.title)}
      at={at}
      onClose={onClose}
      items={[
        {
          label: pinned !== null ? t.list.unpin : t.list.pin,
          icon: 'pin',
          onChoose: () => void client.request('conversation.pin', { conversation: id, pinned: pinned === null }).catch(tell),
        },
        muted
          ? { label: t.list.unmute, icon: 'bell', onChoose: mute(null) }
          : { label: t.list.mute, icon: 'bellOff', staysOpen: true, onChoose: () => setMuting(true) },
        {
          label: isUnread ? t.list.markRead : t.list.markUnread,
          icon: 'mail',
          onChoose: () => {
            const done =
              unread > 0 && last
                ? client.request('conversation.markRead', { conversation: id, upTo: last.id })
                : client.request('conversation.markUnread', { conversation: id, unread: !isUnread });
            done.catch(tell);
          },
        },
        {
          label: archived ? t.list.unarchive : t.list.archive,
          icon: 'archive',
          onChoose: () => {
            client.request('conversation.archive', { conversation: id, archived: !archived }).then(
              () =>
                !archived &&
                say({
                  text: t.list.archivedNow,
                  action: { label: t.list.undo, onClick: () => void client.request('conversation.archive', { conversation: id, archived: false }).catch(tell) },
                }),
              tell,
            );
          },
        },
      ]}
    />
  );
}
