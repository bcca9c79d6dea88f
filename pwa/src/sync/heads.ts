/** Whose head a receipt proves: only one that leads to an event of this phone's own or carried chains counts. */
import { eventKey, carriedKey, type KeptEvent } from '../device/logKeys'
import type { Clock } from '../device/ports'
import type { Vault } from '../device/vault'
import { keys, type AlarmFact, type DeviceFact } from './facts'
import { BadReceipt, readReceipt, type Receipt, type ReceiptParts } from './receipt'

export interface HeadParts {
  readonly vault: Vault
  readonly clock: Clock
  readonly receipts: ReceiptParts
}

/** The receipt, when it is whole and its head is an event this phone made or carries. */
export async function trusted(parts: HeadParts, text: string | undefined, dev: string): Promise<Receipt | undefined> {
  const device = await parts.vault.get<DeviceFact>(keys.device)
  if (text === undefined || device === undefined) return undefined
  try {
    const receipt = await readReceipt(parts.receipts, text, device.log)
    return receipt.dev === dev && (await isOurs(parts.vault, receipt)) ? receipt : undefined
  } catch (error) {
    if (!(error instanceof BadReceipt)) throw error
    const alarm: AlarmFact = {
      kind: 'server', code: 'E_RECEIPT', at: parts.clock.wall(),
      text: '收到的回执无法核验，不算送达；本机数据都还在，会继续重试。如多次出现请报告管理员。',
    }
    await parts.vault.write([{ put: keys.alarm(alarm.code), value: alarm }])
    return undefined
  }
}

async function isOurs(vault: Vault, { dev, n, h }: Receipt): Promise<boolean> {
  if (dev !== vault.dev) return (await vault.get<KeptEvent>(carriedKey(dev, n)))?.h === h
  // The inspection of event n is not known here; its key ends in n.
  const tail = eventKey('', n).slice(eventKey('', n).lastIndexOf('/'))
  for (const key of await vault.keys('ev/')) {
    if (key.endsWith(tail)) return (await vault.get<KeptEvent>(key))?.h === h
  }
  return false
}
