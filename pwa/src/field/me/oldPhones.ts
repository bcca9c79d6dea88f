/**
 * Phones this person was enrolled on before and has not spoken of: after a re-install, cleared data or a change of the
 * phone only the person knows what became of the older one (docs/keys.md). Asked once per unlocking, where there is a
 * network, so that the question stands on the first screen and not only under 我的.
 */
import { type Ref, ref } from 'vue'
import type { Session } from '@/sync/session'

export interface OldPhone {
  readonly dev: string
  readonly label: string
  readonly user: string
  readonly enrolled_at: string
  readonly revoked_at: string | null
  readonly story: string
  readonly replaced_by: string
}

const known = new WeakMap<Session, Ref<readonly OldPhone[]>>()
const asked = new WeakSet<Session>()

/** The person's other phones, newest answer of the server. A key that another one replaced is no phone. */
export function otherPhones(phone: Session, devices: readonly OldPhone[]): readonly OldPhone[] {
  const others = devices.filter((one) => one.dev !== phone.me.dev && one.user === phone.me.user)
  unexplained(phone).value = others.filter((one) => one.replaced_by === '' && one.revoked_at === null && one.story === '')
  return others
}

/** Those still to be spoken of; empty until the server has been asked. */
export function unexplained(phone: Session): Ref<readonly OldPhone[]> {
  const held = known.get(phone) ?? ref<readonly OldPhone[]>([])
  known.set(phone, held)
  return held
}

/** Asks the server once; without a network the next unlocking asks again. */
export async function askOnce(phone: Session): Promise<void> {
  if (asked.has(phone)) return
  asked.add(phone)
  const answer = await phone.fetchJson('accounts/devices')
  if (answer.ok) otherPhones(phone, (answer.data as { devices: OldPhone[] }).devices)
  else asked.delete(phone)
}
