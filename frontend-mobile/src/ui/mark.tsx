import styles from './mark.module.css';

/** The sign of Kavalek: a K pieced together. */
export function Mark() {
  return (
    <svg className={styles.mark} viewBox="0 0 48 48" aria-hidden="true" focusable="false">
      <rect className={styles.ground} width="48" height="48" rx="13" />
      <path className={styles.stem} d="M10.5 11h8v26h-8z" />
      <path className={styles.arm} d="M20.5 24L29 11h9.5L30 24z" />
      <path className={styles.leg} d="M20.5 24H30l8.5 13H29z" />
    </svg>
  );
}

/** A field of patchwork for where nothing is open. */
export function Patchwork() {
  return (
    <svg className={styles.patchwork} viewBox="0 0 96 96" aria-hidden="true" focusable="false">
      <path className={styles.a} d="M0 0h32v32z" />
      <path className={styles.b} d="M32 0h32a32 32 0 0 1-32 32z" />
      <path className={styles.c} d="M64 0h32v32a32 32 0 0 1-32-32z" />
      <path className={styles.b} d="M0 32h32v32a32 32 0 0 1-32-32z" />
      <path className={styles.d} d="M48 36l12 12-12 12-12-12z" />
      <path className={styles.a} d="M96 32v32H64z" />
      <path className={styles.c} d="M0 64h32L0 96z" />
      <path className={styles.a} d="M32 64a32 32 0 0 0 32 32V64z" />
      <path className={styles.b} d="M64 64h32v32z" />
    </svg>
  );
}
