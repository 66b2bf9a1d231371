import styles from './icon.module.css';
import { classNames } from './class-names';

/** One set of strokes, drawn on a grid of 24. What points forward turns round in right-to-left pages. */
const paths = {
  add: 'M12 5v14M5 12h14',
  archive: 'M4 5h16v4H4zM5.5 9v10h13V9M10 13h4',
  attach: 'M8 12.5l6.2-6.2a3 3 0 0 1 4.3 4.3l-8.4 8.3a5 5 0 0 1-7-7L11 4',
  back: 'M15 5l-7 7 7 7',
  bell: 'M6.500 16.500c1-1 1.200-2.500 1.200-5.500a4.300 4.300 0 0 1 8.600 0c0 3 .2 4.500 1.200 5.500zM10 19.500c.8 1 3.200 1 4 0',
  bellOff: 'M6.500 16.500c1-1 1.200-2.500 1.200-5.500a4.300 4.300 0 0 1 8.600 0c0 3 .2 4.500 1.200 5.500zM10 19.500c.8 1 3.200 1 4 0M4 4l16 16',
  check: 'M5 12.5l4.5 4.5L19 7.5',
  checks: 'M2.5 12.5L7 17l7.5-8.5M11 15.5l1.6 1.5L21.5 8.5',
  chevron: 'M9 5l7 7-7 7',
  clock: 'M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM12 7.5V12l3 2',
  close: 'M6 6l12 12M18 6L6 18',
  copy: 'M9 9h10v11H9zM5 15V4h10',
  device: 'M7.5 2.5h9a1.5 1.5 0 0 1 1.5 1.5v16a1.5 1.5 0 0 1-1.5 1.5h-9A1.5 1.5 0 0 1 6 20V4a1.5 1.5 0 0 1 1.5-1.5zM10.5 18.5h3',
  down: 'M12 5v14M6 13l6 6 6-6',
  edit: 'M4 20l1-4L16.5 4.5l3 3L8 19zM14 7l3 3',
  eye: 'M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12zM12 9.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6z',
  eyeOff:
    'M4 4l16 16M9.5 5.9A9.6 9.6 0 0 1 12 5.5c6 0 9.5 6.5 9.5 6.5a17 17 0 0 1-3 3.7M6 7.6A16.4 16.4 0 0 0 2.5 12s3.5 6.5 9.5 6.5c1.5 0 2.8-.4 4-1M10 10a2.8 2.8 0 0 0 4 4',
  group: 'M9 11.500a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2.5 19.500c.5-3.5 3-5 6.5-5s6 1.5 6.5 5M16 4.800a3.3 3.3 0 0 1 0 6.400M18 14.800c2 .7 3.2 2.2 3.5 4.7',
  info: 'M12 3.500a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM12 11v5.500M12 7.700v.1',
  key: 'M14.5 3.500a6 6 0 1 0 0 12 6 6 0 0 0 0-12zM10.2 13.800L3.5 20.500M6 18l2 2M15.5 8.500v.1',
  leave: 'M13 4h6v16h-6M9 8l-4 4 4 4M5 12h9',
  lock: 'M6 10.500h12v10H6zM8.5 10.500V7.500a3.5 3.5 0 0 1 7 0v3',
  mail: 'M3.500 6h17v12h-17zM4 6.500l8 6.500 8-6.500',
  menu: 'M12 5.500v.1M12 12v.1M12 18.500v.1',
  microphone:
    'M12 3.500a2.800 2.800 0 0 0-2.800 2.800v5.400a2.800 2.800 0 0 0 5.600 0V6.300A2.800 2.800 0 0 0 12 3.500zM5.800 11.500a6.200 6.200 0 0 0 12.400 0M12 17.700v2.800',
  pause: 'M8.500 6v12M15.500 6v12',
  pencil: 'M20 11v7.500A1.5 1.5 0 0 1 18.5 20h-13A1.5 1.5 0 0 1 4 18.500v-13A1.5 1.5 0 0 1 5.5 4H13M10 14l.6-3L18.5 3l2.5 2.5-8 7.900z',
  person: 'M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.5 20.500c.6-4 3.5-5.5 7.5-5.500s6.9 1.5 7.5 5.5',
  pin: 'M9 4h6l-.8 6.500 3.300 3.500h-11l3.300-3.500zM12 14v6.500',
  play: 'M8.500 5.500v13l10-6.500z',
  reply: 'M10 6l-6 6 6 6M4.5 12H14c3.5 0 6 2 6 6',
  scan: 'M4 8V4h4M16 4h4v4M20 16v4h-4M8 20H4v-4M7.5 12h9',
  forward: 'M14 6l6 6-6 6M19.5 12H10c-3.5 0-6 2-6 6',
  search: 'M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM15.5 15.500L20.5 20.5',
  send: 'M4 12L20 4.5 15.5 20l-3.7-6.300zM11.8 13.700L20 4.5',
  settings: 'M4 7h9M17 7h3M4 17h3M11 17h9M15 4.800a2.2 2.2 0 1 0 0 4.4 2.2 2.2 0 0 0 0-4.400zM9 14.800a2.2 2.2 0 1 0 0 4.4 2.2 2.2 0 0 0 0-4.400z',
  shield: 'M12 3l7.5 2.800v5.700c0 4.7-3 7.8-7.5 9.5-4.5-1.7-7.5-4.8-7.5-9.500V5.800z',
  shieldCheck: 'M12 3l7.5 2.800v5.700c0 4.7-3 7.8-7.5 9.5-4.5-1.7-7.5-4.8-7.5-9.500V5.800zM8.5 12l2.5 2.5 4.5-5',
  select: 'M4 6.500l1.500 1.500L8 5M11 6.500h9M4 12.500l1.500 1.500L8 11M11 12.500h9M4 18.500l1.500 1.500L8 17M11 18.500h9',
  smile: 'M12 3.500a8.500 8.500 0 1 0 0 17 8.500 8.500 0 0 0 0-17zM8.500 14c.8 1.300 2 2 3.500 2s2.700-.7 3.500-2M9 9.500v.1M15 9.500v.1',
  timer: 'M12 6.500a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM12 10v3.500l2 1.500M9.5 3h5',
  trash: 'M5 6.500h14M9.500 6V4h5v2M6.500 6.500l1 13.500h9l1-13.500M10 10v6.500M14 10v6.500',
  up: 'M12 19V5M6 11l6-6 6 6',
  warning: 'M12 4l9 16H3zM12 10v4.500M12 17.200v.1',
} as const;

export type IconName = keyof typeof paths;

const turning = new Set<IconName>(['back', 'chevron', 'forward', 'leave', 'reply', 'send']);

/** A small drawing; what it means is said beside it or by the button around it. */
export function Icon({ name, small }: { readonly name: IconName; readonly small?: boolean }) {
  return (
    <svg
      className={classNames(styles.icon, small && styles.small, turning.has(name) && styles.turning)}
      viewBox="0 0 24 24"
      aria-hidden="true"
      focusable="false"
    >
      <path d={paths[name]} />
    </svg>
  );
}
