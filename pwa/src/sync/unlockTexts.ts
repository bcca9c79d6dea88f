/** The sentences of a refused unlocking, the same at the start and at the second signature. */
import type { Refusal } from '../device/ports'

type Why = 'wrong_pin' | 'locked_until_online' | 'unknown_person'

export function unlockRefusal(reason: Why, left: number): Refusal<Why> {
  const texts: Readonly<Record<Why, string>> = {
    wrong_pin: `PIN 不正确，还可以试 ${left} 次。`,
    locked_until_online: 'PIN 连续输错 10 次，已锁定。联网后用登录密码解锁；本机的记录和照片都还在，不会清除。',
    unknown_person: '本机没有这个人的完整登记，请重新登记本机。',
  }
  return { ok: false, reason, text: texts[reason] }
}
