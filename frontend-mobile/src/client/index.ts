export { Client, KavalekError, type Port } from './client';
export { startClient } from './start';
export { useLive, type Live } from './live';
export { MessageWindow, type LoadedMessages, type MessageSource } from './message-window';
export { mentioned, named, summary } from './named';
export * from './protocol';
