/** Runs in the page: the record log as shipped, on the browser's own store and keys, one event after the other. */
import { browserClock, random } from '../../pwa/src/device/browser'
import { IdbDisk } from '../../pwa/src/device/disk'
import { EventLog } from '../../pwa/src/device/log'
import { makeKeys, signerOf } from '../../pwa/src/device/signer'
import { Vault } from '../../pwa/src/device/vault'

export interface EventTimes {
  readonly sign: number[]
  readonly whole: number[]
}

async function measure(count: number): Promise<EventTimes> {
  const { keys } = await makeKeys()
  const signer = signerOf(keys)
  const key = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt'])
  const vault = new Vault(new IdbDisk(`bench-${crypto.randomUUID()}`), 'A'.repeat(22), key, random)
  const log = new EventLog({ vault, signer, clock: browserClock(), random, user: 'u-bench' })
  const message = new Uint8Array(366).fill(7)
  const sign: number[] = []
  const whole: number[] = []
  for (let n = 0; n < count; n++) {
    const begun = performance.now()
    await signer.sign(message)
    const signed = performance.now()
    const body = { checklist: 'CL-JD-DUTY', item: `FB-D${String(n % 57).padStart(2, '0')}`, sheet: 0, val: 'pass' }
    const done = await log.append([{ type: 'check.answer', body, insp: '0195f0a0-0000-7000-8000-000000000001' }])
    if (!done.ok) throw new Error(done.text)
    sign.push(signed - begun)
    whole.push(performance.now() - signed)
  }
  return { sign, whole }
}

Object.assign(globalThis, { measure })
