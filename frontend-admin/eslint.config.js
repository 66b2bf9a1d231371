import shared from '../frontend-mobile/eslint.config.js';

// What holds for the app holds here; the projects are this folder's.
export default shared.map(part =>
    part.languageOptions?.parserOptions
        ? { ...part, languageOptions: { ...part.languageOptions, parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } } }
        : part,
);
