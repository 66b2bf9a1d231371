import js from '@eslint/js';
import reactHooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';

export default tseslint.config(
    { ignores: ['dist', 'node_modules', 'public/dotnet'] },
    js.configs.recommended,
    tseslint.configs.strict,
    reactHooks.configs.flat['recommended-latest'],
    {
        files: ['src/**', 'tests/**'],
        languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
        rules: {
            '@typescript-eslint/no-floating-promises': 'error',
            'prefer-const': ['error', { ignoreReadBeforeAssign: true }],
            '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { attributes: false } }],
            '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
            // What the strict types cannot know (an index that was just checked) is said with !, as everywhere in this tree.
            '@typescript-eslint/no-non-null-assertion': 'off',
            '@typescript-eslint/no-invalid-void-type': 'off',
            // Where a list stands follows from what was measured: that is what layout effects are for.
            'react-hooks/set-state-in-effect': 'off',
            'no-irregular-whitespace': ['error', { skipTemplates: true }],
            // Text of a message is text: nothing may make mark-up of it.
            'no-restricted-syntax': [
                'error',
                { selector: 'JSXAttribute[name.name="dangerouslySetInnerHTML"]', message: 'A message is text, never mark-up.' },
                { selector: 'JSXAttribute[name.name="style"]', message: 'Styles are in modules: the page is served without inline styles.' },
                { selector: 'AssignmentExpression[left.property.name=/^(innerHTML|outerHTML)$/]', message: 'A message is text, never mark-up.' },
            ],
        },
    },
    {
        // Features are put together by the app and do not know each other.
        files: ['src/features/**'],
        rules: { 'no-restricted-imports': ['error', { patterns: ['../*/*', '!../../*', '../../app/*'] }] },
    },
);
