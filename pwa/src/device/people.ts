/**
 * Who works on this phone: one enrolment per person (D-5), each with its own key pair and vault.
 *
 * The vault key is wrapped by KEK = HKDF(PBKDF2-SHA-256(PIN, salt, 600000) ‖ HMAC(device secret, salt));
 * the device secret is non-extractable, so a copied record alone cannot be tried against PINs.
 * Ten wrong PINs lock until the person signs in online. A lock-out never wipes anything.
 */
import { concat, fromB64url, ownBuffer, utf8, type Bytes } from './bytes'
import type { Box } from './box'
import type { Disk, Random } from './ports'
import { Vault } from './vault'

export const PIN_ITERATIONS = 600_000
export const PIN_TRIES = 10
const INSTALLATION = 'installation'
const PERSON = 'person/'
const RECOVERY_KEY = 'recovery-key'
const AES = { name: 'AES-GCM', length: 256 } as const

export interface Installation {
  readonly id: string
  readonly secret: CryptoKey
}

export interface PersonRecord {
  readonly dev: string
  readonly user: string
  readonly name: string
  readonly agencyName: string
  readonly spki: ArrayBuffer
  readonly keys: CryptoKeyPair
  readonly salt: ArrayBuffer
  readonly iterations: number
  readonly iv: ArrayBuffer
  readonly wrapped: ArrayBuffer
  /** The vault key once more, sealed to the server's recovery key (docs/adr/0012); `to` names that key. */
  readonly recovery?: { readonly to: string; readonly box: Box }
  /** Wrong PINs since the last right one; raised BEFORE each try, so a kill gives no free try. */
  readonly wrong: number
  /** The key that took this one's place; its store stays as the second copy and is not offered any more. */
  readonly retired?: string
}

export type Unlocked =
  | { readonly ok: true; readonly vault: Vault; readonly person: PersonRecord }
  | { readonly ok: false; readonly reason: 'wrong_pin' | 'locked_until_online' | 'unknown_person'; readonly left: number }

/** Six digits or more, not one digit repeated and not a plain run: 123456 falls to the first finder. */
export function pinIsWeak(pin: string): boolean {
  if (!/^\d{6,12}$/.test(pin)) return true
  const steps = [...pin].slice(1).map((digit, i) => Number(digit) - Number(pin[i]))
  return steps.every((step) => step === steps[0] && Math.abs(step) <= 1)
}

export class People {
  constructor(
    private readonly disk: Disk,
    private readonly random: Random,
    private readonly iterations = PIN_ITERATIONS,
  ) {}

  /** Made once per installation; cleared storage makes a new one (record-log 2.10). */
  async installation(fresh: () => string): Promise<Installation> {
    const old = await this.disk.getMeta<Installation>(INSTALLATION)
    if (old !== undefined) return old
    const secret = await crypto.subtle.generateKey({ name: 'HMAC', hash: 'SHA-256', length: 256 }, false, ['sign'])
    const made = { id: fresh(), secret }
    const kept = await this.disk.updateMeta<Installation>(INSTALLATION, (other) => other ?? made)
    return kept ?? made
  }

  async list(): Promise<PersonRecord[]> {
    const keys = await this.disk.metaKeys(PERSON)
    const found = await Promise.all(keys.map((key) => this.disk.getMeta<PersonRecord>(key)))
    return found.filter((person) => person !== undefined)
  }

  find(dev: string): Promise<PersonRecord | undefined> {
    return this.disk.getMeta<PersonRecord>(PERSON + dev)
  }

  /** A new vault with a random key, wrapped under the PIN. The record is on the disk when this returns. */
  async add(
    who: Pick<PersonRecord, 'dev' | 'user' | 'name' | 'agencyName' | 'spki' | 'keys'>,
    pin: string,
    installation: Installation,
  ): Promise<{ vault: Vault; person: PersonRecord }> {
    const raw = this.random.bytes(32)
    const person: PersonRecord = {
      ...who, ...(await this.wrap(who.dev, raw, pin, installation)), ...(await this.copyFor(who.dev, raw)), wrong: 0,
    }
    const key = await crypto.subtle.importKey('raw', raw, AES, false, ['encrypt', 'decrypt'])
    raw.fill(0)
    await this.disk.putMeta(PERSON + who.dev, person)
    return { vault: new Vault(this.disk, who.dev, key, this.random), person }
  }

  async unlock(dev: string, pin: string, installation: Installation): Promise<Unlocked> {
    let refused = true
    const person = await this.disk.updateMeta<PersonRecord>(PERSON + dev, (old) => {
      if (old === undefined) return undefined
      refused = old.wrong >= PIN_TRIES
      return refused ? old : { ...old, wrong: old.wrong + 1 }
    })
    if (person === undefined) return { ok: false, reason: 'unknown_person', left: 0 }
    if (refused) return { ok: false, reason: 'locked_until_online', left: 0 }
    const kek = await deriveKek(pin, new Uint8Array(person.salt), person.iterations, installation.secret)
    const raw = await crypto.subtle
      .decrypt({ name: 'AES-GCM', iv: new Uint8Array(person.iv), additionalData: wrapAad(dev) }, kek, person.wrapped)
      .catch(() => undefined)
    if (raw === undefined) {
      const left = PIN_TRIES - person.wrong
      return { ok: false, reason: left > 0 ? 'wrong_pin' : 'locked_until_online', left }
    }
    const key = await crypto.subtle.importKey('raw', raw, AES, false, ['encrypt', 'decrypt'])
    // Enrolled before the server had a recovery key, or it has another one now: the copy is made when the key is at hand.
    const copy = await this.copyFor(dev, new Uint8Array(raw), person.recovery?.to)
    await this.disk.updateMeta<PersonRecord>(PERSON + dev, (old) => old && { ...old, ...copy, wrong: 0 })
    return { ok: true, vault: new Vault(this.disk, dev, key, this.random), person: { ...person, ...copy, wrong: 0 } }
  }

  /** The key to which vault keys are sealed from now on (SPKI, b64url); public, so it lies in the clear. */
  async learnRecoveryKey(spki: string): Promise<void> {
    if ((await this.disk.getMeta<string>(RECOVERY_KEY)) !== spki) await this.disk.putMeta(RECOVERY_KEY, spki)
  }

  /**
   * A new PIN over the old vault key, which came back through the administrator. `proof` must succeed with the vault:
   * a key that opens nothing here is refused before anything is overwritten.
   */
  async renew(
    dev: string, raw: Bytes, pin: string, installation: Installation, proof: (vault: Vault) => Promise<boolean>,
  ): Promise<{ vault: Vault; person: PersonRecord } | undefined> {
    const key = await crypto.subtle.importKey('raw', raw, AES, false, ['encrypt', 'decrypt'])
    const vault = new Vault(this.disk, dev, key, this.random)
    if (!(await proof(vault))) return undefined
    const fresh = { ...(await this.wrap(dev, raw, pin, installation)), ...(await this.copyFor(dev, raw)), wrong: 0 }
    raw.fill(0)
    const person = await this.disk.updateMeta<PersonRecord>(PERSON + dev, (old) => old && { ...old, ...fresh })
    return person && { vault, person }
  }

  private async wrap(dev: string, raw: Bytes, pin: string, installation: Installation) {
    const salt = this.random.bytes(16)
    const iv = this.random.bytes(12)
    const kek = await deriveKek(pin, salt, this.iterations, installation.secret)
    const wrapped = await crypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData: wrapAad(dev) }, kek, raw)
    return { salt: ownBuffer(salt), iterations: this.iterations, iv: ownBuffer(iv), wrapped }
  }

  /** Nothing without a recovery key, or when the copy is for this key already. */
  private async copyFor(dev: string, raw: Bytes, has?: string): Promise<Pick<PersonRecord, 'recovery'>> {
    const to = await this.disk.getMeta<string>(RECOVERY_KEY)
    if (to === undefined || to === has) return {}
    const { sealBox } = await import('./box')
    return { recovery: { to, box: await sealBox(fromB64url(to), `vault|${dev}`, raw, this.random) } }
  }

  /** A newer key of the same person has taken over. Nothing of the old store is deleted. */
  async retire(dev: string, next: string): Promise<void> {
    await this.disk.updateMeta<PersonRecord>(PERSON + dev, (old) => old && { ...old, retired: next })
  }

  /** After a right PIN, or after the server accepted the password. */
  async forgive(dev: string): Promise<void> {
    await this.disk.updateMeta<PersonRecord>(PERSON + dev, (old) => old && { ...old, wrong: 0 })
  }
}

function wrapAad(dev: string): Bytes {
  return utf8(`vault|${dev}|1`)
}

async function deriveKek(pin: string, salt: Bytes, iterations: number, secret: CryptoKey): Promise<CryptoKey> {
  const material = await crypto.subtle.importKey('raw', utf8(pin), 'PBKDF2', false, ['deriveBits'])
  const stretched = await crypto.subtle.deriveBits({ name: 'PBKDF2', hash: 'SHA-256', salt, iterations }, material, 256)
  const bound = await crypto.subtle.sign('HMAC', secret, salt)
  const both = concat(new Uint8Array(stretched), new Uint8Array(bound))
  const hkdf = await crypto.subtle.importKey('raw', both, 'HKDF', false, ['deriveKey'])
  return crypto.subtle.deriveKey(
    { name: 'HKDF', hash: 'SHA-256', salt, info: utf8('suijian/vault/v1') }, hkdf, AES, false, ['encrypt', 'decrypt'],
  )
}
