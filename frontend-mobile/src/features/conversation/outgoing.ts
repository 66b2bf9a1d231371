import type { OutgoingFile } from '../../client';

/** A file that was chosen and not sent yet. */
export interface Chosen extends OutgoingFile {
  readonly key: number;
  /** Where its picture is, for this page. */
  readonly url: string | null;
  /** Whether it was drawn anew, so that nothing but the picture is left of it: no place, no time, no camera. */
  readonly stripped: boolean;
}

export const mostFiles = 10;

const drawn = new Set(['image/jpeg', 'image/png', 'image/webp']);
const sidePixels = 8_192;
const previewPixels = 24;
let last = 0;

/** Makes a file ready to send. Pictures are drawn anew, as they are turned, at most 8,192 pixels a side: of other types that this browser can draw as JPEG, GIF alone stays as it is, since it moves. */
export async function choose(file: File): Promise<Chosen> {
  const plain: Chosen = { key: ++last, blob: file, name: file.name, type: file.type, width: 0, height: 0, preview: null, url: null, stripped: false };
  if (!file.type.startsWith('image/') || file.type === 'image/svg+xml') return plain;
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(file);
  } catch {
    // Nothing this browser can draw: it goes as the file it is.
    return plain;
  }
  try {
    const preview = previewOf(bitmap);
    if (file.type === 'image/gif') return { ...plain, width: bitmap.width, height: bitmap.height, preview, url: URL.createObjectURL(file) };
    const scale = Math.min(1, sidePixels / Math.max(bitmap.width, bitmap.height));
    const width = Math.max(1, Math.round(bitmap.width * scale));
    const height = Math.max(1, Math.round(bitmap.height * scale));
    const canvas = new OffscreenCanvas(width, height);
    canvas.getContext('2d')!.drawImage(bitmap, 0, 0, width, height);
    const blob = await canvas.convertToBlob({ type: drawn.has(file.type) ? file.type : 'image/jpeg', quality: 0.9 });
    // A browser that cannot write a type writes PNG.
    const name = blob.type === file.type ? file.name : `${file.name.replace(/\.[^.]*$/, '')}.${blob.type === 'image/jpeg' ? 'jpg' : 'png'}`;
    return { ...plain, blob, name, type: blob.type, width, height, preview, url: URL.createObjectURL(blob), stripped: true };
  } finally {
    bitmap.close();
  }
}

/** Forgets a file that was chosen. */
export function forget(chosen: Chosen): void {
  if (chosen.url) URL.revokeObjectURL(chosen.url);
}

/** The files of a paste or a drop. */
export function filesOf(data: DataTransfer | null): readonly File[] {
  return data ? [...data.files] : [];
}

/** Whether what is dragged over the page has files. */
export function hasFiles(data: DataTransfer | null): boolean {
  return data !== null && [...data.types].includes('Files');
}

function previewOf(bitmap: ImageBitmap): string {
  const scale = previewPixels / Math.max(bitmap.width, bitmap.height);
  const width = Math.max(1, Math.round(bitmap.width * scale));
  const height = Math.max(1, Math.round(bitmap.height * scale));
  const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true })!;
  context.drawImage(bitmap, 0, 0, width, height);
  const { data } = context.getImageData(0, 0, width, height);
  let bytes = String.fromCharCode(width, height);
  for (let at = 0; at < data.length; at += 4) bytes += String.fromCharCode(data[at]!, data[at + 1]!, data[at + 2]!);
  return btoa(bytes);
}
