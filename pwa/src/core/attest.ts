/** Attestation: content chains, the digest D of D-6, who stands; twin of `server/inspections/attest.py`. */
import * as b64url from './b64url'
import { type Sha256, utf8 } from './bytes'
import * as chain from './chain'
import { byChain, compare, type Ev } from './foldOrder'
import type { Gist } from './gist'
import type { Pack } from './pack'
import type { Attestation, Chain, Visit } from './visit'

export interface AttestBody {
  readonly d: string
  readonly text: string
  readonly pin: string
  readonly chains: readonly Chain[]
  readonly level: 'A1' | 'A2' | 'A3'
  /** The offer that was answered (A2) and what it showed. */
  readonly offer?: string
  readonly gist?: Gist
}

/** `[{dev, n, root}]` sorted by dev: per enrolment the RFC 6962 root over its content's H. */
export async function contentChains(sha256: Sha256, content: readonly Ev[]): Promise<Chain[]> {
  const hashes = new Map<string, Uint8Array[]>()
  for (const event of [...content].sort(byChain)) {
    const own = hashes.get(event.dev) ?? []
    own.push(hashBytes(event.h))
    hashes.set(event.dev, own)
  }
  const chains: Chain[] = []
  for (const dev of [...hashes.keys()].sort()) {
    const own = hashes.get(dev) ?? []
    chains.push({ dev, n: own.length, root: b64url.encode(await chain.chainRoot(sha256, own)) })
  }
  return chains
}

/** The 32 bytes of an H; any other spelling counts as its UTF-8, so a fold cannot fail on it. */
function hashBytes(h: string): Uint8Array {
  try {
    return b64url.decode(h)
  } catch {
    return utf8(h)
  }
}

/** b64url of the SHA-256 of a record text (the `text` of attest, sign.party and seal). */
export async function textHash(sha256: Sha256, text: string): Promise<string> {
  return b64url.encode(await chain.textHash(sha256, text))
}

/** The pin of a pack: checklists, item list and rules by hash, as b64url. */
export async function pinOf(sha256: Sha256, pack: Pick<Pack, 'hashes'>): Promise<string> {
  const { checklists, item_list: items, profile } = pack.hashes
  return b64url.encode(await chain.pinHash(sha256, Object.values(checklists), items, profile))
}

type Digested = Pick<Visit, 'insp' | 'pin' | 'chains'>

/** D of D-6 as b64url: what both inspectors attest for this visit and this record text. */
export async function digest(sha256: Sha256, visit: Digested, text: string): Promise<string> {
  const hashed = await textHash(sha256, text)
  return b64url.encode(await chain.attestedDigest(sha256, visit.insp, visit.pin, hashed, visit.chains))
}

/**
 * The D behind the party's record code (D-9): that of the first seal, which later rounds keep. Until
 * there is a seal it is the digest of the text without the annex.
 */
export async function signedDigest(
  sha256: Sha256,
  visit: Digested & Pick<Visit, 'seals'>,
  signedText: string,
): Promise<string> {
  return visit.seals.find((seal) => seal.linked)?.d ?? digest(sha256, visit, signedText)
}

/** The body (without salt) of an `attest` for the visit as it is now. */
export async function attestation(
  sha256: Sha256,
  visit: Digested,
  text: string,
  level: AttestBody['level'],
): Promise<AttestBody> {
  return {
    d: await digest(sha256, visit, text),
    text: await textHash(sha256, text),
    pin: visit.pin,
    chains: visit.chains,
    level,
  }
}

type Attested = Pick<Visit, 'attests'>

/** The inspectors (user ids, sorted) whose attestation stands; with `d` and `text`, of that digest and text. */
export function standing(visit: Attested, d = '', text = ''): string[] {
  const found = visit.attests.filter(
    (entry) => entry.stands && (d === '' || d === entry.d) && (text === '' || text === entry.text),
  )
  return [...new Set(found.map((entry) => entry.by))].sort()
}

/**
 * The largest set of inspectors who attest one and the same digest of one and the same text: the text
 * stands in the digest, and who names the one with another of the other has only copied it. When the
 * record is sealed only the digest of the latest seal counts (D-8).
 */
export function agreed(visit: Pick<Visit, 'attests' | 'seals' | 'open_round'>): string[] {
  const last = visit.seals.filter((seal) => seal.linked).at(-1)
  if (last !== undefined && !visit.open_round) return standing(visit, last.d, last.text)
  const claims = new Map(visit.attests.filter((entry) => entry.stands).map(({ d, text }) => [`${d} ${text}`, { d, text }]))
  let best: string[] = []
  for (const key of [...claims.keys()].sort()) {
    const { d, text } = claims.get(key) ?? { d: '', text: '' }
    const group = d === last?.d ? [] : standing(visit, d, text)
    if (group.length > best.length) best = group
  }
  return best
}

type Level = AttestBody['level']

/**
 * The level each attestation has reached, by its H; twin of `seen_levels`. `devices`: who is enrolled on which
 * installation, as far as it is known here.
 */
export function seenLevels(
  visit: Pick<Visit, 'attests' | 'chains'>,
  devices: readonly { readonly dev: string; readonly user: string; readonly installation: string }[],
): Map<string, Level> {
  const users = new Map<string, Set<string>>()
  // Enrolled here is not the same as used here: only phones that took part can have been shared.
  const part = new Set([...visit.attests, ...visit.chains].map(({ dev }) => dev))
  const used = devices.filter(({ dev }) => part.has(dev))
  for (const { installation, user } of used) users.set(installation, (users.get(installation) ?? new Set()).add(user))
  const shared = new Set(used.filter(({ installation }) => (users.get(installation)?.size ?? 0) > 1).map(({ dev }) => dev))
  const pair = ({ d, text }: Attestation): string => `${d} ${text}`
  const met = new Set(visit.attests.filter(({ via, dev }) => via !== '' && !shared.has(dev)).map(pair))
  const people = new Map<string, Set<string>>()
  for (const act of visit.attests) people.set(pair(act), (people.get(pair(act)) ?? new Set()).add(act.by))
  const level = (act: Attestation): Level => {
    if (shared.has(act.dev)) return 'A1'
    if (met.has(pair(act))) return 'A2'
    return act.level === 'A2' || (people.get(pair(act))?.size ?? 0) > 1 ? 'A3' : act.level
  }
  return new Map(visit.attests.map((act) => [act.h, level(act)]))
}

/** Whether two lists of chains are the same, field by field and without further fields. */
export function sameChains(a: readonly Chain[], b: readonly Chain[]): boolean {
  const flat = (list: readonly Chain[]): string =>
    JSON.stringify(list.map((head) => Object.entries(head).sort(([x], [y]) => compare(x, y))))
  return flat(a) === flat(b)
}

/** Why an attestation does not belong to this visit and text; empty when it does. */
export async function digestProblems(
  sha256: Sha256,
  visit: Digested,
  text: string,
  body: AttestBody,
): Promise<string[]> {
  const problems: string[] = []
  if (body.pin !== visit.pin) problems.push('核验所据的规则版本与本次检查不一致')
  if (!sameChains(body.chains, visit.chains)) problems.push('核验之后记录内容有变化')
  if (body.text !== (await textHash(sha256, text))) problems.push('核验的笔录文字与当前笔录不一致')
  if (problems.length === 0 && body.d !== (await digest(sha256, visit, text))) problems.push('核验摘要不正确')
  return problems
}
