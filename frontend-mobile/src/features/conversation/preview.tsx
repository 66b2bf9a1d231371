import { useEffect, useRef } from 'react';
import styles from './attachments.module.css';

/** The tiny picture that comes with a message, drawn pixel by pixel: nothing is decoded. */
export function Preview({ preview }: { readonly preview: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const element = canvas.current;
    const context = element?.getContext('2d');
    if (!element || !context) return;
    const bytes = Uint8Array.from(atob(preview), character => character.charCodeAt(0));
    const width = bytes[0] ?? 0;
    const height = bytes[1] ?? 0;
    if (width === 0 || height === 0 || bytes.length !== 2 + 3 * width * height) return;
    const image = new ImageData(width, height);
    for (let pixel = 0; pixel < width * height; pixel++) {
      for (let part = 0; part < 3; part++) image.data[4 * pixel + part] = bytes[2 + 3 * pixel + part]!;
      image.data[4 * pixel + 3] = 255;
    }
    element.width = width;
    element.height = height;
    context.putImageData(image, 0, 0);
  }, [preview]);
  return <canvas ref={canvas} className={styles.preview} aria-hidden="true" />;
}
