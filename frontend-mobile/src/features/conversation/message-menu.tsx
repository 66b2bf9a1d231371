import type { Message } from '../../client';
import { useTexts } from '../../i18n';
import { Menu, type MenuItem } from '../../ui/menu';
import { QuickReactions } from './quick-reactions';
import { myReaction } from './reactions';

/** What can be done with a message; what is left out cannot be done now. */
export interface MessageChoices {
  readonly onReact: (message: Message, emoji: string | null) => void;
  readonly onMoreReactions: (message: Message) => void;
  readonly onReply: (message: Message) => void;
  readonly onEdit: (message: Message) => void;
  readonly onRetry: (message: Message) => void;
  readonly onCopy: (message: Message) => void;
  readonly onForward: (message: Message) => void;
  readonly onSelect: (message: Message) => void;
  readonly onDetails: (message: Message) => void;
  readonly onReport: (message: Message) => void;
  readonly onDelete: (message: Message) => void;
  readonly onRemove: (message: Message) => void;
}

/** The menu of a message: reactions in a row, and everything else below. */
export function MessageMenu({
  message,
  at,
  writable,
  choices,
  onClose,
}: {
  readonly message: Message;
  readonly at: { readonly x: number; readonly y: number };
  /** Whether anything can be sent here. */
  readonly writable: boolean;
  readonly choices: MessageChoices;
  readonly onClose: () => void;
}) {
  const t = useTexts();
  const failed = message.state === 'failed';
  const items: (MenuItem | false)[] = [
    writable && !failed && { label: t.chat.reply, icon: 'reply', onChoose: () => choices.onReply(message) },
    writable && message.mayEdit && { label: t.acts.edit, icon: 'edit', onChoose: () => choices.onEdit(message) },
    writable && failed && { label: t.acts.retry, icon: 'send', onChoose: () => choices.onRetry(message) },
    { label: t.chat.copyText, icon: 'copy', onChoose: () => choices.onCopy(message) },
    { label: t.acts.forward, icon: 'forward', onChoose: () => choices.onForward(message) },
    { label: t.acts.select, icon: 'select', onChoose: () => choices.onSelect(message) },
    { label: t.chat.messageInfo, icon: 'info', onChoose: () => choices.onDetails(message) },
    message.mayReport && { label: t.report.menu, icon: 'warning', onChoose: () => choices.onReport(message) },
    failed
      ? { label: t.acts.deleteFailed, icon: 'trash', danger: true, onChoose: () => choices.onRemove(message) }
      : { label: t.acts.delete, icon: 'trash', danger: true, onChoose: () => choices.onDelete(message) },
  ];
  return (
    <Menu
      label={t.chat.messageMenu}
      items={items.filter(item => item !== false)}
      quick={
        writable &&
        !failed && (
          <QuickReactions
            mine={myReaction(message)}
            onReact={emoji => {
              onClose();
              choices.onReact(message, emoji);
            }}
            onMore={() => {
              onClose();
              choices.onMoreReactions(message);
            }}
          />
        )
      }
      at={at}
      onClose={onClose}
    />
  );
}
