import type { Client, Id, Message, MessageId } from '../client';

/** An attachment that is here: its bytes, and an address within this page where it may be shown or played in place. */
export interface Opened {
  readonly file: Blob;
  readonly url: string | null;
}

const kept = 48;
/** By conversation, message and attachment: the id of an attachment alone is its sender’s word. */
const opened = new Map<string, { readonly message: MessageId; readonly file: Promise<Opened> }>();

/** From now on the files of a message go with it: when it ends, is deleted or hidden. */
export function connectFiles(client: Client): void {
  client.onEvent(event => {
    if (event.type === 'message.removed') forget(event.message);
    else if (event.type === 'message.changed' && event.message.body.type === 'deleted') forget(event.message.id);
  });
}

/** Opens an attachment; the newest ones stay open for when they are scrolled to again. */
export function openFile(client: Client, message: Pick<Message, 'conversation' | 'id'>, attachment: Id): Promise<Opened> {
  const key = `${message.conversation}/${message.id}/${attachment}`;
  let file = opened.get(key)?.file;
  if (!file) {
    file = client.request('attachment.open', { conversation: message.conversation, message: message.id, attachment }).then(
      // The type is one of a fixed list, or bytes: an address of this page never is a page itself.
      answer => ({ file: answer.file, url: answer.inline ? URL.createObjectURL(answer.file) : null }),
    );
    // What is only saved can be as large as a disk; it is here for that once.
    file.then(
      ({ url }) => url === null && opened.delete(key),
      () => opened.delete(key),
    );
  }
  opened.delete(key);
  opened.set(key, { message: message.id, file });
  for (const [id, old] of opened) {
    if (opened.size <= kept) break;
    opened.delete(id);
    void old.file.then(release, () => undefined);
  }
  return file;
}

function forget(message: MessageId): void {
  for (const [id, old] of opened) {
    if (old.message !== message) continue;
    opened.delete(id);
    void old.file.then(release, () => undefined);
  }
}

/** Forgets all: the account was locked or is gone. */
export function closeFiles(): void {
  for (const { file } of opened.values()) void file.then(release, () => undefined);
  opened.clear();
}

/** Hands a file to the browser to save, under a name that is fit for it. */
export function saveFile(file: Blob, name: string): void {
  // Bytes of no kind: whatever is in it, it is saved and not opened.
  const url = URL.createObjectURL(new Blob([file], { type: 'application/octet-stream' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

function release({ url }: Opened): void {
  if (url) URL.revokeObjectURL(url);
}
