/// <reference types="vite/client" />

declare module 'virtual:emoji/*' {
  /** For each group of the picker: emoji, name, words to search by, and the same in five skin tones, where there are. */
  const groups: readonly (readonly (readonly [string, string, string, string?])[])[];
  export default groups;
}
