/**
 * The phone's half of test_attack_table.py: reads `{log, receipts: [{text, epoch}]}` and answers, per receipt in turn,
 * what the client as shipped makes of it: `anchored`, or the code of what it says is wrong.
 */
import { createHash, webcrypto } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Bytes } from '../../pwa/src/core/bytes'
import { MemoryDisk, Platter, Dice } from '../../pwa/src/device/testing/memory'
import { Vault } from '../../pwa/src/device/vault'
import { anchorChanges } from '../../pwa/src/sync/contact'
import { keys } from '../../pwa/src/sync/facts'
import { BadReceipt, readReceipt } from '../../pwa/src/sync/receipt'

interface Question {
  readonly log: { readonly name: string; readonly key: string }
  readonly receipts: readonly { readonly text: string; readonly epoch: number }[]
}

const sha256 = async (bytes: Bytes): Promise<Uint8Array<ArrayBuffer>> => new Uint8Array(createHash('sha256').update(bytes).digest())
async function verifyEd25519(publicKey: Bytes, message: Bytes, signature: Bytes): Promise<boolean> {
  const key = await webcrypto.subtle.importKey('raw', publicKey, 'Ed25519', false, ['verify']).catch(() => undefined)
  return key !== undefined && webcrypto.subtle.verify('Ed25519', key, signature, message)
}

async function main(): Promise<void> {
  const { log, receipts } = JSON.parse(readFileSync(0, 'utf8')) as Question
  const key = await webcrypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt'])
  const vault = new Vault(new MemoryDisk(new Platter()), 'dev', key as CryptoKey, new Dice(1))
  const said: string[] = []
  for (const { text, epoch } of receipts) {
    try {
      const receipt = await readReceipt({ sha256, verifyEd25519 }, text, log)
      const { changes, rolledBack } = await anchorChanges(vault, receipt, epoch, 0, true)
      await vault.write(changes)
      const alarms = await vault.keys(keys.alarm(''))
      said.push(rolledBack ? (alarms[0] ?? '').slice(keys.alarm('').length) : 'anchored')
    } catch (error) {
      if (!(error instanceof BadReceipt)) throw error
      said.push((error.cause as { code?: string } | undefined)?.code ?? 'E_PROOF')
    }
  }
  console.log(JSON.stringify(said))
}

void main()
