import { Fragment, type ReactNode } from 'react';
import { mentioned, type Mention } from '../../client';
import { classNames } from '../../ui/class-names';
import styles from './rich-text.module.css';

/** A part of a text: code between three backticks, a link, or words. */
export type Part = { readonly type: 'text' | 'code'; readonly text: string } | { readonly type: 'link'; readonly text: string; readonly href: string };

const fence = /```(?:[a-z0-9+-]*\n)?([\s\S]+?)```/gi;
const link = /\bhttps?:\/\/[^\s<>"'`\u2068\u2069]+/gi;
const trailing = /[.,;:!?…)\]}»”’]+$/u;

/** Splits a message. Nothing of it is ever mark-up: what is not a link or code is text. */
export function partsOf(text: string): readonly Part[] {
  const parts: Part[] = [];
  let at = 0;
  for (const found of text.matchAll(fence)) {
    parts.push(...withLinks(text.slice(at, found.index)), { type: 'code', text: found[1]!.replace(/\n$/, '') });
    at = found.index + found[0].length;
    // The line that a block of code ends is not an empty one.
    if (text[at] === '\n') at++;
  }
  parts.push(...withLinks(text.slice(at)));
  return parts;
}

function withLinks(text: string): readonly Part[] {
  const parts: Part[] = [];
  let at = 0;
  for (const found of text.matchAll(link)) {
    let written = found[0].replace(trailing, '');
    // A bracket that was opened within the link belongs to it.
    if (written.includes('(') && found[0][written.length] === ')') written += ')';
    const href = target(written);
    if (!href) continue;
    if (found.index > at) parts.push({ type: 'text', text: text.slice(at, found.index) });
    parts.push({ type: 'link', text: shown(written, href), href });
    at = found.index + written.length;
  }
  if (at < text.length) parts.push({ type: 'text', text: text.slice(at) });
  return parts;
}

function target(written: string): string | null {
  try {
    const url = new URL(written);
    return (url.protocol === 'https:' || url.protocol === 'http:') && url.username === '' && url.password === '' ? url.href : null;
  } catch {
    return null;
  }
}

/** A host with letters beyond ASCII can look like another one: then its real, ASCII name is shown. */
function shown(written: string, href: string): string {
  const host = /^https?:\/\/([^/?#]*)/i.exec(written)?.[1] ?? '';
  // eslint-disable-next-line no-control-regex -- all of ASCII is meant
  return /^[\u0000-\u007f]*$/.test(host) ? written : href;
}

const fewEmoji = 3;

/** Whether a text is nothing but a few emoji, which are drawn large. */
export function isEmojiOnly(text: string): boolean {
  if (text.length > 60 || !/^[\p{Extended_Pictographic}\p{Emoji_Component}\s]+$/u.test(text) || !/\p{Extended_Pictographic}/u.test(text)) return false;
  return [...new Intl.Segmenter().segment(text.replace(/\s/g, ''))].length <= fewEmoji;
}

/** A message's text as it is drawn. Whoever is named in it stands there as this account knows them. */
export function RichText({ text, mentions = [] }: { readonly text: string; readonly mentions?: readonly Mention[] }): ReactNode {
  if (mentions.length === 0) return <Words text={text} />;
  const parts: ReactNode[] = [];
  let at = 0;
  for (const { person, start, length } of mentions) {
    parts.push(<Words key={at} text={text.slice(at, start)} />);
    parts.push(
      <bdi key={`@${start}`} className={classNames(styles.mention, person.me && styles.me)}>
        {mentioned(person.name)}
      </bdi>,
    );
    at = start + length;
  }
  return [...parts, <Words key={at} text={text.slice(at)} />];
}

function Words({ text }: { readonly text: string }): ReactNode {
  return partsOf(text).map((part, at) => {
    if (part.type === 'code') {
      return (
        <pre key={at} className={styles.code} dir="ltr" tabIndex={-1}>
          <code>{part.text}</code>
        </pre>
      );
    }
    if (part.type === 'link') {
      return (
        <a key={at} href={part.href} target="_blank" rel="noopener noreferrer" dir="ltr" className={styles.link} title={part.href}>
          {part.text}
        </a>
      );
    }
    return <Fragment key={at}>{part.text}</Fragment>;
  });
}
