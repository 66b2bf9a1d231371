import { useMemo } from 'react';
import encodeQR from 'qr';
import styles from './qr-code.module.css';

/** A QR code, always dark on light: many scanners do not read it the other way round. */
export function QrCode({ text, label }: { readonly text: string; readonly label: string }) {
  const [size, path] = useMemo(() => {
    const dots = encodeQR(text, 'raw', { ecc: 'medium', border: 1 });
    return [dots.length, dots.map((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : '')).join('')).join('')];
  }, [text]);
  return (
    <svg className={styles.code} viewBox={`-2 -2 ${size + 4} ${size + 4}`} role="img" aria-label={label} shapeRendering="crispEdges">
      <rect x="-2" y="-2" width={size + 4} height={size + 4} />
      <path d={path} />
    </svg>
  );
}
