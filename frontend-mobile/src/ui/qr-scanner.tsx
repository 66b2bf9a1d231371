import { useEffect, useRef, useState } from 'react';
import { useTexts } from '../i18n';
import { Button } from './button';
import { Dialog } from './dialog';
import styles from './qr-scanner.module.css';

const everyMs = 150;
const maximumSide = 1280;

/** Reads one QR code with the camera, or from a picture of it, on this device alone. */
export function QrScanner({ onFound, onClose }: { readonly onFound: (text: string) => void; readonly onClose: () => void }) {
  const t = useTexts();
  const video = useRef<HTMLVideoElement>(null);
  const input = useRef<HTMLInputElement>(null);
  const found = useRef(onFound);
  const [state, setState] = useState<'asking' | 'looking' | 'denied' | 'nothing'>('asking');
  useEffect(() => {
    found.current = onFound;
  });

  useEffect(() => {
    let over = false;
    let stream: MediaStream | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = async () => {
      const text = video.current && video.current.videoWidth > 0 ? await read(video.current, video.current.videoWidth, video.current.videoHeight) : null;
      if (over) return;
      if (text !== null) found.current(text);
      else timer = setTimeout(() => void look(), everyMs);
    };
    void (async () => {
      try {
        stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } });
        if (over || !video.current) return stream.getTracks().forEach(track => track.stop());
        video.current.srcObject = stream;
        await video.current.play();
        setState('looking');
        void look();
      } catch {
        if (!over) setState('denied');
      }
    })();
    return () => {
      over = true;
      clearTimeout(timer);
      stream?.getTracks().forEach(track => track.stop());
    };
  }, []);

  const choose = async (file: File | undefined) => {
    if (!file) return;
    try {
      const picture = await createImageBitmap(file);
      const text = await read(picture, picture.width, picture.height);
      picture.close();
      if (text !== null) onFound(text);
      else setState('nothing');
    } catch {
      setState('nothing');
    }
  };

  return (
    <Dialog
      title={t.scanner.title}
      onClose={onClose}
      actions={
        <>
          <input ref={input} type="file" accept="image/*" hidden onChange={event => void choose(event.target.files?.[0])} />
          <Button onClick={() => input.current?.click()}>{t.scanner.picture}</Button>
        </>
      }
    >
      <video ref={video} className={styles.video} muted playsInline hidden={state !== 'looking'} />
      <p role="status">
        {state === 'asking' ? t.scanner.asking : state === 'looking' ? t.scanner.text : state === 'denied' ? t.scanner.denied : t.scanner.nothing}
      </p>
    </Dialog>
  );
}

/** The text of the QR code in a picture; `null` where there is none. The decoder is fetched when it is first needed. */
async function read(picture: CanvasImageSource, width: number, height: number): Promise<string | null> {
  const { default: decodeQR } = await import('qr/decode.js');
  const scale = Math.min(1, maximumSide / Math.max(width, height));
  const canvas = new OffscreenCanvas(Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale)));
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (!context) return null;
  context.drawImage(picture, 0, 0, canvas.width, canvas.height);
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
  try {
    return decodeQR({ width: canvas.width, height: canvas.height, data });
  } catch {
    return null;
  }
}
