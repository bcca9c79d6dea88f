/**
 * A1 (record-log 2.6): the second inspector signs on this phone with the own PIN, the own key, in the own
 * chain and vault. One transaction puts the event into B's vault and a copy into A's, so that the visit
 * both look at is never of two minds. B's vault is closed again as soon as B's outbox was offered once.
 */
import { EventLog, type Appended } from '../device/log'
import type { Installation, People } from '../device/people'
import type { Platform } from '../device/platform'
import { signerOf } from '../device/signer'
import type { Vault } from '../device/vault'
import { sha256 } from '../device/bytes'
import type { Result, LogEvent } from '../device/ports'
import { pushEvents } from './push'
import type { SecondReason, SecondSignature } from './session'
import { unlockRefusal } from './unlockTexts'
import { Wire } from './wire'

export class SecondPerson {
  /** Vaults of second inspectors that sign or are still being offered to the server. */
  private readonly open = new Set<Vault>()

  constructor(
    private readonly platform: Platform, private readonly people: People, private readonly installation: Installation,
    private readonly first: { readonly user: string; readonly vault: Vault; readonly log: EventLog },
  ) {}

  async attest(
    insp: string, { dev, pin, body }: SecondSignature,
  ): Promise<Result<{ h: string; events: readonly LogEvent[] }, SecondReason>> {
    const who = await this.people.find(dev)
    if (who?.user === this.first.user) {
      return { ok: false, reason: 'same_person', text: '第二名检查人员必须是另一个人：请由同组的另一位检查人员输入本人 PIN。' }
    }
    const opened = await this.people.unlock(dev, pin, this.installation)
    if (!opened.ok) return unlockRefusal(opened.reason, opened.left)
    this.open.add(opened.vault)
    const { clock, random } = this.platform
    const signer = signerOf(opened.person.keys)
    const log = new EventLog({ vault: opened.vault, signer, clock, random, user: opened.person.user })
    const { vault: firstVault, log: firstLog } = this.first
    // B signs what A's phone holds, and A adds nothing while B signs.
    const done: Appended = await firstLog
      .alone(() =>
        typeof body === 'function'
          ? log.appendBuilt(insp, 'attest', body, { vault: firstVault }, () => firstLog.events(insp))
          : log.append([{ type: 'attest', body, insp }], [], { vault: firstVault }),
      )
      .catch((error: unknown) => {
        opened.vault.close()
        this.open.delete(opened.vault)
        throw error
      })
    void this.offerAndClose(opened.vault, signer)
    return done.ok ? { ok: true, h: done.h, events: done.events } : done
  }

  /** The phone locks: the second inspector's key is forgotten with the first one's. */
  close(): void {
    for (const vault of this.open) vault.close()
  }

  /** One offer while the vault is open; without a network the copy in A's vault carries the signature. */
  private async offerAndClose(vault: Vault, signer: ReturnType<typeof signerOf>): Promise<void> {
    const { net, locks, compression, clock, verifyEd25519 } = this.platform
    const wire = new Wire({ net, vault, signer, locks, compression, wall: () => clock.wall() })
    await locks
      .ifFree(`suijian-sync-${vault.dev}`, () =>
        pushEvents({ vault, wire, clock, receipts: { sha256, verifyEd25519 }, progress: () => undefined }),
      )
      .finally(() => {
        vault.close()
        this.open.delete(vault)
      })
      // Whatever went wrong here is tried again when B unlocks; A's screen has nothing to say about it.
      .catch(() => undefined)
  }
}
