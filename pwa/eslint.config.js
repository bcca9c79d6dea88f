import globals from 'globals'
import vue from 'eslint-plugin-vue'
import a11y from 'eslint-plugin-vuejs-accessibility'
import tseslint from 'typescript-eslint'
import vueParser from 'vue-eslint-parser'
import { layers } from './build/eslintLayers.js'

const HTML_SINKS = ['innerHTML', 'outerHTML', 'insertAdjacentHTML', 'srcdoc'].map((property) => ({
  property,
  message: 'text goes through text nodes; markup is never built from strings',
}))
const DEVICE_ONLY = ['indexedDB', 'navigator', 'localStorage', 'sessionStorage', 'caches', 'crypto'].map(
  (name) => ({ name, message: 'only device/ talks to the browser' }),
)
// The types of the tests bring Node's along; the program runs in a browser.
const NODE = ['process', 'Buffer', 'global', 'require', '__dirname', '__filename', 'setImmediate'].map(
  (name) => ({ name, message: 'no browser has it' }),
)
const NODE_MODULES = [{ group: ['node:*'], message: 'no browser has it' }]
const STORE_ONLY = {
  paths: [{ name: 'idb', message: 'only device/ opens the store' }],
}

export default tseslint.config(
  { ignores: ['dist/**', 'node_modules/**', 'src/**/*.gen.ts'] },
  ...tseslint.configs.recommended,
  ...vue.configs['flat/recommended'],
  ...a11y.configs['flat/recommended'],
  {
    files: ['**/*.vue'],
    languageOptions: {
      parser: vueParser,
      parserOptions: { parser: tseslint.parser, sourceType: 'module' },
    },
  },
  {
    files: ['src/**/*.{ts,vue}'],
    languageOptions: { globals: globals.browser },
    plugins: { suijian: layers },
    rules: {
      'suijian/direction': 'error',
      'no-restricted-properties': ['error', ...HTML_SINKS],
      'no-eval': 'error',
      'no-implied-eval': 'error',
      'no-undef': 'off',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      'vue/no-v-html': 'error',
      'vue/no-v-text-v-html-on-component': 'error',
      'vue/multi-word-component-names': 'off',
      // Layout is left to the writer: these only move white space.
      'vue/max-attributes-per-line': 'off',
      'vue/singleline-html-element-content-newline': 'off',
      'vue/multiline-html-element-content-newline': 'off',
      'vue/html-self-closing': 'off',
      'vue/html-indent': 'off',
      'vue/html-closing-bracket-newline': 'off',
      'vue/first-attribute-linebreak': 'off',
      'vue/attributes-order': 'off',
      'vue/require-default-prop': 'off',
      // A label that wraps its control is enough; the rule wants nesting and an id at once.
      'vuejs-accessibility/label-has-for': ['error', { required: { some: ['nesting', 'id'] } }],
      'vuejs-accessibility/no-autofocus': 'off',
    },
  },
  {
    files: ['src/**/*.{ts,vue}'],
    ignores: ['src/**/*.test.ts'],
    rules: {
      'no-restricted-globals': ['error', ...NODE],
      'no-restricted-imports': ['error', { patterns: NODE_MODULES }],
    },
  },
  {
    files: ['src/{core,sync,ui,field,desk}/**/*.{ts,vue}'],
    ignores: ['src/**/*.test.ts'],
    rules: {
      'no-restricted-globals': ['error', ...NODE, ...DEVICE_ONLY],
      'no-restricted-imports': ['error', { ...STORE_ONLY, patterns: NODE_MODULES }],
    },
  },
)
