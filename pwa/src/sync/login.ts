/** The password at the server: needed after an expired login or ten wrong PINs, never for filling a form. */
import { b64url, utf8 } from '../device/bytes'
import type { PersonRecord } from '../device/people'
import type { Platform } from '../device/platform'
import type { Result } from '../device/ports'
import type { TokensFact } from './facts'
import type { ReopenReason } from './session'
import { API, problemOf, readJson, tokensFrom } from './wire'

export async function signInAs(
  platform: Platform, person: PersonRecord, login: string, password: string,
): Promise<Result<{ tokens: TokensFact }, ReopenReason>> {
  const answer = await platform.net
    .request({
      method: 'POST', path: `${API}accounts/login`, headers: { 'Content-Type': 'application/json' },
      body: utf8(JSON.stringify({ login, password, spki: b64url(new Uint8Array(person.spki)) })),
    })
    .catch(() => undefined)
  const json = answer === undefined ? undefined : readJson(answer)
  if (answer === undefined || json === undefined) {
    return { ok: false, reason: 'offline', text: '现在连不上服务器，请在有网络的地方重试。' }
  }
  if (answer.status !== 200) {
    return { ok: false, reason: 'wrong_login', text: problemOf(answer)?.text ?? '用户名或密码不正确。' }
  }
  const user = json.user as { id?: unknown } | undefined
  if (user?.id !== person.user) {
    return { ok: false, reason: 'other_person', text: `这个账号不是${person.name}。每个人只能用自己的账号。` }
  }
  const tokens = tokensFrom(json, platform.clock.wall())
  if (tokens === undefined) return { ok: false, reason: 'offline', text: '服务器的回答不完整，请稍后重试。' }
  return { ok: true, tokens }
}
