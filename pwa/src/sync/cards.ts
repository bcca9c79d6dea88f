/** The lines of 今日: the plan as the server told it, beside what this phone itself holds. */
import { EVENT } from '../device/logKeys'
import type { Vault } from '../device/vault'
import { keys, type DeviceFact, type VisitFact } from './facts'
import { epochOf, inventory, type Inventory } from './outbox'
import type { VisitCard } from './session'
import { count, stateOf } from './states'

interface Held {
  readonly all: Inventory
  readonly files: ReadonlySet<string>
  readonly started: ReadonlySet<string>
  readonly sealed: ReadonlySet<string>
  readonly returned: ReadonlySet<string>
  readonly running: boolean
  readonly me: string
}

async function held(vault: Vault, running: boolean): Promise<Held> {
  const [all, files, events, sealed, returned, device] = await Promise.all([
    inventory(vault, await epochOf(vault)), vault.keys('file/'), vault.keys(EVENT), vault.keys('sealed/'), vault.keys('return/'),
    vault.get<DeviceFact>(keys.device),
  ])
  const second = (key: string): string => key.split('/')[1] ?? ''
  return {
    all, running, me: device?.user ?? '',
    files: new Set(files.map(second)), started: new Set(events.map(second)),
    sealed: new Set(sealed.map(second)), returned: new Set(returned.map(second)),
  }
}

/** By the day it must be done, then by number: the order of the day's work. */
export async function visitCards(vault: Vault, running: boolean): Promise<VisitCard[]> {
  const now = await held(vault, running)
  const cards = (await vault.list<VisitFact>('visit/')).map(({ value }) => card(value, now))
  return cards.sort((a, b) => compare(a.inspectBy, b.inspectBy) || compare(a.number, b.number))
}

export async function cardOf(vault: Vault, insp: string, running: boolean): Promise<VisitCard | undefined> {
  const fact = await vault.get<VisitFact>(keys.visit(insp))
  return fact === undefined ? undefined : card(fact, await held(vault, running))
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function card(fact: VisitFact, now: Held): VisitCard {
  const asked = (fact.confirm ?? []).find(({ user }) => user === now.me)
  const needed = [...(fact.pack ? [fact.pack] : []), ...(fact.files ?? []).map(({ sha256 }) => sha256)]
  return {
    insp: fact.insp,
    number: fact.number,
    unitName: fact.unit_name,
    address: fact.address,
    inspectBy: fact.inspect_by ?? '',
    ...(fact.due_on ? { dueOn: fact.due_on } : {}),
    state: fact.state,
    ...(fact.report_state ? { reportState: fact.report_state } : {}),
    lead: fact.lead,
    team: (fact.team ?? []).map(({ user, name, lead }) => ({ user, name, lead: lead ?? user === fact.lead })),
    ready: Boolean(fact.pack) && needed.every((sha) => now.files.has(sha)),
    started: now.started.has(fact.insp),
    sealedHere: now.sealed.has(fact.insp),
    sync: stateOf(count(now.all, fact.insp), now.running),
    returned: now.returned.has(fact.insp),
    ...(asked === undefined ? {} : { confirm: { d: asked.d, attest: asked.attest, due: asked.due_ms } }),
    withdrawn: fact.withdrawn === true,
  }
}
