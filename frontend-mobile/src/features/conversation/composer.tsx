import { useEffect, useImperativeHandle, useLayoutEffect, useRef, useState, type KeyboardEvent, type Ref } from 'react';
import type { Conversation, Message } from '../../client';
import { explain, useFormats, useTexts } from '../../i18n';
import { draftOf, keepDraft } from '../../page/drafts';
import { useClient } from '../../page/use-client';
import { IconButton } from '../../ui/button';
import { Problem } from '../../ui/problem';
import styles from './composer.module.css';

const maximumBytes = 65_536;
const encoder = new TextEncoder();

export interface ComposerHandle {
  readonly reply: (message: Message) => void;
  /** Puts a text into the box, behind what is there. */
  readonly insert: (text: string) => void;
}

/** Where one writes. What is in it is kept when another conversation is opened, and comes back if it could not be sent. */
export function Composer({ conversation, handle }: { readonly conversation: Conversation; readonly handle: Ref<ComposerHandle> }) {
  const t = useTexts();
  const formats = useFormats();
  const client = useClient();
  const box = useRef<HTMLTextAreaElement>(null);
  const [draft, setDraft] = useState(() => draftOf(conversation.id));
  const [problem, setProblem] = useState<string | null>(null);
  const { text, replyTo } = draft;
  const blocked = conversation.cannotSend;
  const tooLong = text.length > maximumBytes / 4 && encoder.encode(text).length > maximumBytes;
  const empty = text.trim() === '';

  useEffect(() => keepDraft(conversation.id, draft), [conversation.id, draft]);

  // The box grows with its text, and scrolls beyond what its style allows.
  useLayoutEffect(() => {
    const area = box.current;
    if (!area) return;
    area.style.setProperty('block-size', 'auto');
    area.style.setProperty('block-size', `${area.scrollHeight}px`);
  }, [text]);

  useEffect(() => {
    if (matchMedia('(pointer: fine)').matches) box.current?.focus({ preventScroll: true });
  }, []);

  useImperativeHandle(handle, () => ({
    reply: message => {
      setDraft(current => ({ ...current, replyTo: message }));
      box.current?.focus();
    },
    insert: added => {
      setDraft(current => ({ ...current, text: current.text.trim() === '' ? added : `${current.text}\n${added}` }));
      box.current?.focus();
    },
  }));

  const send = async () => {
    if (empty || tooLong || blocked) return;
    const sending = draft;
    setDraft({ text: '', replyTo: null });
    setProblem(null);
    box.current?.focus();
    try {
      await client.request('conversation.send', { conversation: conversation.id, text: sending.text.trimEnd(), replyTo: sending.replyTo?.id ?? null });
    } catch (error) {
      // Nothing of it was stored: it goes back, in front of what was typed meanwhile.
      setDraft(current => ({ text: current.text === '' ? sending.text : `${sending.text}\n${current.text}`, replyTo: current.replyTo ?? sending.replyTo }));
      setProblem(explain(error, t, formats));
    }
  };

  const keys = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    // While an input method composes, Enter chooses its word.
    if (event.nativeEvent.isComposing || event.keyCode === 229) return;
    if (event.key === 'Enter' && !event.shiftKey && !event.altKey && matchMedia('(pointer: fine)').matches) {
      event.preventDefault();
      void send();
    } else if (event.key === 'Escape' && replyTo) {
      event.preventDefault();
      event.stopPropagation();
      setDraft(current => ({ ...current, replyTo: null }));
    }
  };

  return (
    <div className={styles.composer} id="composer">
      <Problem text={problem ?? (tooLong ? t.chat.tooLong : null)} />
      {replyTo?.body.type === 'text' && (
        <div className={styles.reply}>
          <div className={styles.replyText}>
            <p className={styles.replyWho}>{replyTo.mine ? t.chat.replyingToSelf : t.chat.replyingTo(replyTo.sender.name)}</p>
            <p className={styles.excerpt} dir="auto">
              {replyTo.body.text.slice(0, 200)}
            </p>
          </div>
          <IconButton icon="close" label={t.chat.dropReply} onClick={() => setDraft(current => ({ ...current, replyTo: null }))} />
        </div>
      )}
      {blocked && (
        <p className={styles.blocked} role="status">
          {Object.hasOwn(t.errors.byCode, blocked.code) && blocked.code !== 'cannot_send' ? t.errors.byCode[blocked.code] : blocked.message}
        </p>
      )}
      <div className={styles.line}>
        <textarea
          ref={box}
          data-composer
          className={styles.box}
          dir="auto"
          rows={1}
          value={text}
          placeholder={t.chat.composer}
          aria-label={t.chat.composerTo(conversation.title)}
          enterKeyHint="enter"
          onChange={event => setDraft(current => ({ ...current, text: event.target.value }))}
          onKeyDown={keys}
        />
        <button
          type="button"
          className={styles.send}
          aria-label={t.chat.send}
          title={t.chat.send}
          disabled={empty || tooLong || blocked !== null}
          onPointerDown={event => event.preventDefault()}
          onClick={() => void send()}
        >
          <svg viewBox="0 0 24 24" aria-hidden="true" focusable="false">
            <path d="M4.2 4.5 20.5 12 4.2 19.5l1.7-6.3L14 12 5.9 10.8z" />
          </svg>
        </button>
      </div>
    </div>
  );
}
