import { useEffect, useId, useImperativeHandle, useLayoutEffect, useRef, useState, type KeyboardEvent, type Ref } from 'react';
import { flushSync } from 'react-dom';
import { KavalekError, summary, useLive, type Conversation, type Member, type Message, type MessageWindow } from '../../client';
import { explain, isolate, useFormats, useTexts } from '../../i18n';
import { draftOf, keepDraft, useNotKept, type Draft } from '../../page/drafts';
import { useClient } from '../../page/use-client';
import { IconButton } from '../../ui/button';
import { EmojiPicker } from '../../ui/emoji-picker';
import { Problem } from '../../ui/problem';
import { SendButton } from '../../ui/send-button';
import { useToast } from '../../ui/toasts';
import { ChosenFiles } from './chosen-files';
import { MemberList } from './member-list';
import { matching, mentionsIn, naming } from './mentions';
import { choose as prepare, filesOf, forget, mostFiles, type Chosen } from './outgoing';
import { canRecord, type Recording } from './recording';
import { chosenIn, keepChosen, named, send as sendMessage, takeBack, useSendings } from './sending';
import { TransferProgress } from './transfer-progress';
import { UnreadableFiles } from './unreadable-files';
import { VoiceRecorder, type Press } from './voice-recorder';
import styles from './composer.module.css';

const maximumBytes = 65_536;
const encoder = new TextEncoder();

export interface ComposerHandle {
  readonly reply: (message: Message) => void;
  /** Puts an own message into the box, to be given other words; what was begun there comes back afterwards. */
  readonly edit: (message: Message) => void;
  /** Puts a text into the box, behind what is there. */
  readonly insert: (text: string) => void;
  /** Files to go with the next message. */
  readonly attach: (files: readonly File[]) => void;
}

/** Where one writes. What is in it is kept when another conversation is opened, and comes back if it could not be sent. */
export function Composer({
  conversation,
  messages,
  handle,
}: {
  readonly conversation: Conversation;
  readonly messages: MessageWindow;
  readonly handle: Ref<ComposerHandle>;
}) {
  const t = useTexts();
  const formats = useFormats();
  const client = useClient();
  const say = useToast();
  const box = useRef<HTMLTextAreaElement>(null);
  const [draft, setDraft] = useState(() => draftOf(conversation.id));
  const [problem, setProblem] = useState<string | null>(null);
  const [editing, setEditing] = useState<Message | null>(null);
  const [editText, setEditText] = useState('');
  const [members, setMembers] = useState<readonly Member[]>([]);
  const [caret, setCaret] = useState<number | null>(null);
  const [marked, setMarked] = useState(0);
  const [picking, setPicking] = useState(false);
  const listId = useId();
  const loaded = useLive(messages).messages;
  const text = editing ? editText : draft.text;
  // As it stands now: what was deleted or has ended is not quoted any more.
  const replyTo = editing || !draft.replyTo ? null : (loaded.find(one => one.id === draft.replyTo!.id) ?? null);
  const setText = (next: string) => (editing ? setEditText(next) : setDraft(current => ({ ...current, text: next })));
  const picker = useRef<HTMLInputElement>(null);
  const [files, setFiles] = useState(() => chosenIn(conversation.id));
  // Chosen before the page was loaded anew: of these it has the names.
  const [lost, setLost] = useState(() => draft.files.filter(one => !files.some(file => file.name === one.name && file.blob.size === one.size)));
  const sendings = useSendings(conversation.id);
  const notKept = useNotKept(conversation.id);
  const [preparing, setPreparing] = useState(false);
  // Recording goes on in place of the box; how it was begun is kept.
  const [recording, setRecording] = useState<{ readonly press: Press | null } | null>(null);
  const blocked = conversation.cannotSend;
  const tooLong = text.length > maximumBytes / 4 && encoder.encode(text).length > maximumBytes;
  const empty = text.trim() === '' && (editing !== null || files.length === 0);

  useEffect(() => {
    keepChosen(conversation.id, files);
    keepDraft(conversation.id, { ...draft, files: [...files.map(named), ...lost].slice(0, mostFiles) });
  }, [conversation.id, draft, files, lost]);

  // What could not be stored goes back, in front of what was typed meanwhile.
  const failed = sendings.some(one => one.failed);
  useEffect(() => {
    if (!failed) return;
    for (const { text: said, replyTo: answered, files: attached, failed: why } of takeBack(conversation.id)) {
      const before = (current: Draft): Draft => ({
        ...current,
        text: current.text === '' ? said : `${said}\n${current.text}`,
        replyTo: current.replyTo ?? answered,
      });
      // Kept at once: this box may be gone before it is drawn again.
      keepDraft(conversation.id, before(draftOf(conversation.id)));
      setDraft(before);
      setFiles(current => {
        const all = [...attached, ...current];
        all.slice(mostFiles).forEach(forget);
        return all.slice(0, mostFiles);
      });
      const words = explain(why?.reason, t, formats);
      if (attached.length + files.length > mostFiles) setProblem(t.files.tooMany(mostFiles));
      // What one asked for is no problem.
      else if (why?.reason instanceof KavalekError && why.reason.code === 'sending_cancelled') say({ text: words });
      else setProblem(words);
    }
  }, [conversation.id, failed, files.length, formats, say, t]);

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

  // Whoever is in the conversation can be named.
  useEffect(() => {
    let gone = false;
    client.request('conversation.members', { conversation: conversation.id }).then(
      found => !gone && setMembers(found),
      () => undefined,
    );
    return () => {
      gone = true;
    };
  }, [client, conversation.id, conversation.members]);

  // What is being edited may be deleted meanwhile, by another device or an admin.
  const edited = editing && loaded.find(one => one.id === editing.id);
  if (editing && edited && edited.body.type !== 'text') setEditing(null);

  // And what ended or was removed is no longer anywhere.
  const edits = editing?.id;
  useEffect(() => {
    if (!edits) return;
    return client.onEvent(event => {
      if (event.type === 'message.removed' && event.message === edits) setEditing(null);
    });
  }, [client, edits]);

  const wanted = caret === null || conversation.kind === 'direct' ? null : naming(text, caret);
  const listed = wanted ? matching(members, wanted.query).slice(0, 50) : [];
  const mark = Math.min(marked, listed.length - 1);

  // Puts words in place of a part of the text, and the caret behind them.
  const put = (from: number, to: number, words: string) => {
    setText(text.slice(0, from) + words + text.slice(to));
    setCaret(null);
    const at = from + words.length;
    requestAnimationFrame(() => {
      box.current?.focus();
      box.current?.setSelectionRange(at, at);
    });
  };
  const choose = (member: Member) => {
    if (!wanted) return;
    setMarked(0);
    put(wanted.start, caret ?? text.length, `@${member.contact.name.replace(/^@/, '')} `);
  };

  const startEditing = (message: Message) => {
    if (message.body.type !== 'text') return;
    setEditing(message);
    setEditText(message.body.text);
    setProblem(null);
    requestAnimationFrame(() => {
      box.current?.focus();
      box.current?.setSelectionRange(box.current.value.length, box.current.value.length);
    });
  };
  const endEditing = () => {
    setEditing(null);
    setProblem(null);
    box.current?.focus();
  };
  const attach = async (added: readonly File[]) => {
    if (added.length === 0 || blocked) return;
    setPreparing(true);
    const room = mostFiles - files.length;
    setProblem(added.length > room ? t.files.tooMany(mostFiles) : added.some(file => file.size === 0) ? t.files.empty : null);
    const taken = added.filter(file => file.size > 0).slice(0, Math.max(0, room));
    const prepared = await Promise.all(taken.map(file => prepare(file).catch(() => null)));
    const chosen = prepared.filter(one => one !== null);
    const failed = taken.filter((_, n) => prepared[n] === null).map(file => isolate(file.name));
    if (failed.length > 0) setProblem(t.files.notPrepared(formats.list(failed)));
    setFiles(current => [...current, ...chosen].slice(0, mostFiles));
    setLost(current => current.filter(one => !taken.some((file, n) => prepared[n] && file.name === one.name && file.size === one.size)));
    setPreparing(false);
    box.current?.focus();
  };
  const remove = (file: Chosen) => {
    forget(file);
    setFiles(current => current.filter(other => other.key !== file.key));
    box.current?.focus();
  };

  useImperativeHandle(handle, () => ({
    edit: startEditing,
    attach: added => void attach(added),
    reply: message => {
      setEditing(null);
      setDraft(current => ({ ...current, replyTo: message }));
      box.current?.focus();
    },
    insert: added => {
      setDraft(current => ({ ...current, text: current.text.trim() === '' ? added : `${current.text}\n${added}` }));
      box.current?.focus();
    },
  }));

  const send = async () => {
    if (empty || tooLong || blocked || preparing) return;
    const mentions = mentionsIn(text.trimEnd(), members);
    if (editing) {
      setProblem(null);
      try {
        await client.request('message.edit', { conversation: conversation.id, message: editing.id, text: text.trimEnd(), mentions });
        setEditing(null);
      } catch (error) {
        setProblem(explain(error, t, formats));
      }
      box.current?.focus();
      return;
    }
    const sending = draft;
    const attached = files;
    setDraft({ text: '', replyTo: null, files: [] });
    setFiles([]);
    setProblem(null);
    box.current?.focus();
    const said = sending.text.trimEnd();
    await sendMessage(client, conversation.id, { text: said, replyTo: sending.replyTo, mentions, files: attached });
  };

  const sendVoice = async ({ blob, name, type, milliseconds, levels }: Recording): Promise<boolean> => {
    const { replyTo: answered } = draft;
    setProblem(null);
    try {
      await client.request('conversation.sendFiles', {
        sending: crypto.randomUUID(),
        conversation: conversation.id,
        text: '',
        replyTo: answered?.id ?? null,
        mentions: [],
        files: [{ blob, name, type, width: 0, height: 0, preview: null, length: milliseconds, levels: btoa(String.fromCharCode(...levels)) }],
      });
      setDraft(current => ({ ...current, replyTo: current.replyTo === answered ? null : current.replyTo }));
      return true;
    } catch (error) {
      setProblem(explain(error, t, formats));
      return false;
    }
  };
  const endRecording = () => {
    // A frame may come before the box is drawn again, and what is hidden takes no focus.
    flushSync(() => setRecording(null));
    box.current?.focus();
  };

  const keys = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    // While an input method composes, Enter chooses its word.
    if (event.nativeEvent.isComposing || event.keyCode === 229) return;
    if (listed.length > 0) {
      const steps: Record<string, number> = { ArrowDown: mark + 1, ArrowUp: mark - 1 };
      const next = steps[event.key];
      if (next !== undefined) {
        event.preventDefault();
        setMarked((next + listed.length) % listed.length);
        return;
      }
      if (event.key === 'Enter' || event.key === 'Tab') {
        event.preventDefault();
        choose(listed[mark]!);
        return;
      }
      if (event.key === 'Escape') {
        event.preventDefault();
        event.stopPropagation();
        setCaret(null);
        return;
      }
    }
    if (event.key === 'ArrowUp' && text === '' && !editing && !event.shiftKey && !event.altKey && !event.ctrlKey && !event.metaKey) {
      const last = loaded.findLast(one => one.mine && one.body.type === 'text' && one.mayEdit);
      if (!last) return;
      event.preventDefault();
      startEditing(last);
    } else if (event.key === 'Escape' && editing) {
      event.preventDefault();
      event.stopPropagation();
      endEditing();
    } else if (event.key === 'Enter' && !event.shiftKey && !event.altKey && matchMedia('(pointer: fine)').matches) {
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
      <Problem text={[problem ?? (tooLong && t.chat.tooLong), notKept && t.chat.notKept].filter(Boolean).join(' ')} />
      {replyTo?.body.type === 'text' && (
        <div className={styles.reply}>
          <div className={styles.replyText}>
            <p className={styles.replyWho}>{replyTo.mine ? t.chat.replyingToSelf : t.chat.replyingTo(replyTo.sender.name)}</p>
            <p className={styles.excerpt} dir="auto">
              {summary(replyTo.body).slice(0, 200)}
            </p>
          </div>
          <IconButton icon="close" label={t.chat.dropReply} onClick={() => setDraft(current => ({ ...current, replyTo: null }))} />
        </div>
      )}
      {editing && (
        <div className={styles.reply}>
          <div className={styles.replyText}>
            <p className={styles.replyWho}>{t.acts.editing}</p>
            <p className={styles.excerpt} dir="auto">
              {summary(editing.body).slice(0, 200)}
            </p>
          </div>
          <IconButton icon="close" label={t.acts.dropEdit} onClick={endEditing} />
        </div>
      )}
      {listed.length > 0 && <MemberList id={listId} members={listed} marked={mark} onChoose={choose} />}
      {blocked && (
        <p className={styles.blocked} role="status">
          {Object.hasOwn(t.errors.byCode, blocked.code) && blocked.code !== 'cannot_send' ? t.errors.byCode[blocked.code] : blocked.message}
        </p>
      )}
      {sendings
        .filter(one => !one.failed && one.files.length > 0)
        .map(one => (
          <div key={one.id} className={styles.reading} role="group" aria-label={t.files.reading(formats.list(one.files.map(file => isolate(file.name))))}>
            <p>{t.files.reading(formats.list(one.files.map(file => isolate(file.name))))}</p>
            <TransferProgress
              label={t.files.reading(formats.list(one.files.map(file => isolate(file.name))))}
              done={one.done}
              total={one.total}
              text={`${formats.bytes(one.done)} / ${formats.bytes(one.total)}`}
              cancel={t.files.cancel}
              onCancel={() => void client.request('conversation.cancelFiles', { sending: one.id }).catch(() => undefined)}
            />
          </div>
        ))}
      {lost.length > 0 && <UnreadableFiles files={lost} onChoose={() => picker.current?.click()} onDrop={() => setLost([])} />}
      {files.length > 0 && <ChosenFiles files={files} onRemove={remove} />}
      {recording && <VoiceRecorder press={recording.press} onSend={sendVoice} onClose={endRecording} />}
      <div className={styles.line} hidden={recording !== null}>
        <input
          ref={picker}
          type="file"
          multiple
          hidden
          data-file-picker
          onChange={event => {
            void attach([...(event.target.files ?? [])]);
            event.target.value = '';
          }}
        />
        <IconButton icon="attach" label={t.files.attach} disabled={blocked !== null} onClick={() => picker.current?.click()} />
        <IconButton icon="smile" label={t.acts.emoji} className={styles.emoji} onClick={() => setPicking(true)} />
        <textarea
          ref={box}
          data-composer
          // Else browsers keep what is in the box for the next start, in the clear.
          autoComplete="off"
          className={styles.box}
          dir="auto"
          rows={1}
          value={text}
          placeholder={conversation.timer === null ? t.chat.composer : t.chat.composerTimed(formats.duration(conversation.timer))}
          aria-label={t.chat.composerTo(conversation.title)}
          enterKeyHint="enter"
          aria-autocomplete={conversation.kind === 'group' ? 'list' : undefined}
          aria-controls={listed.length > 0 ? listId : undefined}
          aria-activedescendant={listed.length > 0 ? `${listId}-${mark}` : undefined}
          onChange={event => {
            setText(event.target.value);
            setCaret(event.target.selectionStart);
            setMarked(0);
          }}
          onSelect={event => {
            const at = event.currentTarget.selectionStart;
            setCaret(current => (current === null ? null : at));
          }}
          onBlur={() => setCaret(null)}
          onKeyDown={keys}
          onPaste={event => {
            const pasted = filesOf(event.clipboardData);
            if (pasted.length === 0) return;
            event.preventDefault();
            void attach(pasted);
          }}
        />
        {empty && !editing && !preparing && !blocked && canRecord() ? (
          <IconButton
            icon="microphone"
            label={t.voice.record}
            className={styles.microphone}
            // Held, it records until it is let go; the keyboard's click comes without a press before it.
            onPointerDown={event => {
              if (event.button !== 0) return;
              event.preventDefault();
              setRecording({ press: { x: event.clientX, y: event.clientY, at: performance.now() } });
            }}
            onClick={() => setRecording(current => current ?? { press: null })}
          />
        ) : (
          <SendButton
            label={editing ? t.acts.saveEdit : t.chat.send}
            disabled={empty || tooLong || preparing || blocked !== null}
            onPointerDown={event => event.preventDefault()}
            onClick={() => void send()}
          />
        )}
      </div>
      {picking && (
        <EmojiPicker
          label={t.acts.emoji}
          onClose={() => setPicking(false)}
          onPick={emoji => put(box.current?.selectionStart ?? text.length, box.current?.selectionEnd ?? text.length, emoji)}
        />
      )}
    </div>
  );
}
