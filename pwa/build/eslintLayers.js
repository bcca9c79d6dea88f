/**
 * The import direction of the PWA, as one lint rule: field | desk → ui, sync → device → core.
 * A layer may import itself and what stands in its row; the two entries never import each other.
 */
import { dirname, relative, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

const SRC = fileURLToPath(new URL('../src', import.meta.url))
const ALLOWED = {
  core: [],
  device: ['core'],
  sync: ['device', 'core'],
  ui: ['core'],
  field: ['ui', 'sync', 'device', 'core'],
  desk: ['ui', 'sync', 'device', 'core'],
}

function layerOf(path) {
  const inside = relative(SRC, path)
  if (inside.startsWith('..')) return undefined
  const [first] = inside.split(sep)
  return Object.hasOwn(ALLOWED, first) ? first : undefined
}

function targetOf(source, from) {
  if (source.startsWith('@/')) return resolve(SRC, source.slice(2))
  if (source.startsWith('.')) return resolve(dirname(from), source)
  return undefined
}

export const layers = {
  rules: {
    direction: {
      meta: {
        type: 'problem',
        schema: [],
        messages: { wrong: '{{from}} must not import {{to}} ({{source}})' },
      },
      create(context) {
        const from = layerOf(context.filename)
        if (from === undefined) return {}
        const check = (node) => {
          if (node.source === null || typeof node.source?.value !== 'string') return
          const target = targetOf(node.source.value, context.filename)
          const to = target === undefined ? undefined : layerOf(target)
          if (to === undefined || to === from || ALLOWED[from].includes(to)) return
          context.report({ node, messageId: 'wrong', data: { from, to, source: node.source.value } })
        }
        return {
          ImportDeclaration: check,
          ExportNamedDeclaration: check,
          ExportAllDeclaration: check,
          ImportExpression: check,
        }
      },
    },
  },
}
