/** Seal and attestation over a real log, with somebody else appending at the same moment. */
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { shallowRef, type ShallowRef } from 'vue'
import * as b64url from '@/core/b64url'
import { fold } from '@/core/fold'
import { leafHash, root } from '@/core/merkle'
import { sha256 } from '@/device/bytes'
import { EventLog } from '@/device/log'
import { makeKeys, signerOf } from '@/device/signer'
import { Dice, MemoryDisk, Platter, TestClock, vaultKey } from '@/device/testing/memory'
import { Vault } from '@/device/vault'
import type { LogEvent } from '@/sync/session'
import { aChecklist, anItem, aPack, INSP, ME } from '../testing/fakeVisit'
import type { OpenVisit } from '../visit/useVisit'
import { attesting, sealing } from './useClosing'
import { useStanding } from './useStanding'

const DEV = `${'m'.repeat(21)}A`
const pack = aPack([aChecklist([anItem('T-1', '安全出口畅通')])])
let log: EventLog

beforeEach(async () => {
  const dice = new Dice(5)
  const vault = new Vault(new MemoryDisk(new Platter()), DEV, await vaultKey(dice.bytes(32)), dice)
  log = new EventLog({ vault, signer: signerOf((await makeKeys()).keys), clock: new TestClock(), random: dice, user: ME })
  const body = { pack: 'd'.repeat(64), pin: 'A'.repeat(43), mode: 'on_site', assignments: ['as-1'], checklists: [] }
  await log.append([{ type: 'insp.open', insp: INSP, body }])
})

/** The screen as it was drawn: what is appended from here on it does not know. */
async function onScreen(): Promise<OpenVisit> {
  const value = await fold(sha256, await log.events(INSP), pack)
  return { state: { value }, pack, phone: { me: { dev: DEV, user: ME } } } as unknown as OpenVisit
}

function chain(events: readonly LogEvent[], before: number): LogEvent[] {
  return events.filter(({ header }) => header.dev === DEV && header.n < before).sort((a, b) => a.header.n - b.header.n)
}

describe('the seal', () => {
  it('counts an event that slips in between the tap and the write', async () => {
    const open = await onScreen()
    await log.append([{ type: 'attest', insp: INSP, body: (await attested(open)) }])
    const build = await sealing(await onScreen())
    const [background, sealed] = await Promise.all([
      log.append([{ type: 'app.background', insp: INSP, body: {} }]), log.appendBuilt(INSP, 'seal', build),
    ])
    expect(background.ok).toBe(true)
    if (!sealed.ok) throw new Error(sealed.text)
    const own = chain(await log.events(INSP), sealed.n)
    expect(own.map(({ header }) => header.t)).toEqual(['insp.open', 'attest', 'app.background'])
    expect(sealed.events[0]?.body).toMatchObject({
      count: 3, root: b64url.encode(await root(sha256, await Promise.all(own.map(({ h }) => leafHash(sha256, b64url.decode(h)))))),
    })
  })

  it('is not written over content nobody on this screen has seen', async () => {
    const build = await sealing(await onScreen())
    const [, sealed] = await Promise.all([
      log.append([{ type: 'note.add', insp: INSP, body: { text: '新发现' } }]), log.appendBuilt(INSP, 'seal', build),
    ])
    expect(sealed).toMatchObject({ ok: false, reason: 'changed' })
    expect((await log.events(INSP)).some(({ header }) => header.t === 'seal')).toBe(false)
  })
})

describe('the attestation', () => {
  it('signs what was read, and stands although the phone noted that it was put away', async () => {
    const build = await attesting(await onScreen(), 'A1')
    await Promise.all([log.append([{ type: 'app.background', insp: INSP, body: {} }]), log.appendBuilt(INSP, 'attest', build)])
    const visit = await fold(sha256, await log.events(INSP), pack)
    expect(visit.attests).toHaveLength(1)
    expect(visit.attests[0]?.stands).toBe(true)
  })

  it('is refused in words when the content changed meanwhile', async () => {
    const build = await attesting(await onScreen(), 'A1')
    const [, done] = await Promise.all([
      log.append([{ type: 'note.add', insp: INSP, body: { text: '补记' } }]), log.appendBuilt(INSP, 'attest', build),
    ])
    expect(done).toMatchObject({ ok: false, reason: 'changed', text: expect.stringContaining('有变化') })
  })
})

describe('who stands', () => {
  it('is nobody once a returned report has been answered in words, although no check has changed', async () => {
    await log.append([{ type: 'attest', insp: INSP, body: await attested(await onScreen()) }])
    await log.appendBuilt(INSP, 'seal', await sealing(await onScreen()))
    const open = { ...(await onScreen()), state: shallowRef((await onScreen()).state.value) } as OpenVisit
    const standing = useStanding(open)
    await vi.waitFor(() => expect([...standing.value.keys()]).toEqual([ME]))
    await log.append([{ type: 'reply', insp: INSP, body: { return_id: 'r-1', item: 'T-1', text: '已补充' } }])
    ;(open.state as ShallowRef<OpenVisit['state']['value']>).value = (await onScreen()).state.value
    await vi.waitFor(() => expect([...standing.value.keys()]).toEqual([]))
    await log.append([{ type: 'attest', insp: INSP, body: await attested(await onScreen()) }])
    ;(open.state as ShallowRef<OpenVisit['state']['value']>).value = (await onScreen()).state.value
    await vi.waitFor(() => expect([...standing.value.keys()]).toEqual([ME]))
  })
})

async function attested(open: OpenVisit) {
  const made = await (await attesting(open, 'A1'))(await log.events(INSP))
  if (!made.ok) throw new Error(made.text)
  return made.body
}
