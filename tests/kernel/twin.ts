/**
 * The TypeScript half of `test_twins.py`: reads one command per line, answers one line each.
 * Texts travel as base64 so that any bytes at all can be asked about.
 */
import { readFileSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { createInterface } from 'node:readline'
import * as b64url from '../../pwa/src/core/b64url'
import { type Bytes, fromUtf8 } from '../../pwa/src/core/bytes'
import * as canonical from '../../pwa/src/core/canonical'
import * as chain from '../../pwa/src/core/chain'
import * as merkle from '../../pwa/src/core/merkle'
import * as uscc from '../../pwa/src/core/uscc'
import { loadCalendar } from '../../pwa/src/core/workdays'

const calendar = loadCalendar(JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')))
const sha256 = async (bytes: Bytes): Promise<Uint8Array> =>
  new Uint8Array(createHash('sha256').update(bytes).digest())
const bytesOf = (text: string): Bytes => new Uint8Array(Buffer.from(text, 'base64'))
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')

async function answer(op: string, args: readonly string[]): Promise<string> {
  const [first = '', second = ''] = args
  switch (op) {
    case 'decode':
      return base64(canonical.encode(canonical.decode(bytesOf(first))))
    case 'fromjson':
      return base64(canonical.fromJson(bytesOf(first)))
    case 'b64url':
      return base64(b64url.decode(fromUtf8(bytesOf(first))))
    case 'event':
      return b64url.encode(await chain.eventHash(sha256, bytesOf(first)))
    case 'code':
      return chain.recordCode(bytesOf(first))
    case 'root':
      return b64url.encode(await merkle.root(sha256, args.filter((arg) => arg !== '').map(bytesOf)))
    case 'uscc': {
      const { ok, code, reason, warning } = uscc.check(fromUtf8(bytesOf(first)))
      return base64(Buffer.from([String(ok), code, reason, warning].join('\n')))
    }
    case 'due': {
      const { dueOn, provisional } = calendar.addWorkdays(first, Number(second))
      return `${dueOn} ${provisional} ${calendar.workdaysBetween(first, dueOn)}`
    }
    default:
      throw new Error(`unknown command ${op}`)
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const [op = '', ...args] = line.split(' ')
  try {
    process.stdout.write(`${await answer(op, args)}\n`)
  } catch (error) {
    // Only refusals the core means to give; a crash would be another kind of error and ends the run.
    if (!(error instanceof canonical.NotCanonical || error instanceof RangeError)) throw error
    if (error.message.includes('call stack')) throw error
    process.stdout.write('REFUSED\n')
  }
}
