/** What two phones face to face have in common: the parts they work with, whose phone the other one is, and the words of every refusal. */
import type { Pack } from '../core/pack'
import type { EventLog } from '../device/log'
import type { Clock, LogEvent, Random, Refusal, Result } from '../device/ports'
import type { Vault } from '../device/vault'
import { keys, type TeamPhone, type VisitFact } from './facts'
import type { Me } from './session'

/** A code is for the person who stands there; an old one has been photographed. */
export const OFFER_MINUTES = 30

export const TEXTS = {
  damaged: '这个码已损坏，或不是随检的核验码。请擦净镜头，请对方重新出示后再扫。',
  wrong_kind: '扫到的不是需要的码：一方出示、另一方扫描，请看清两部手机上的提示。',
  other_inspection: '这个码属于另一次检查。请两人都打开同一个单位的同一次检查后再扫。',
  same_phone: '对方登记在同一部手机上，不能算双机互签。请改用“同机确认”。',
  same_person: '这是你本人的另一部手机。互签必须由同组的另一位检查人员完成。',
  not_team: '对方手机的使用人不是本次检查的检查人员（或登记后两部手机还没有联网同步），不能互签。请都联网同步一次；仍不行请报告管理员。',
  revoked: '对方的手机已停用，不能互签。请报告管理员。',
  expired: `这个码不是刚刚生成的（超过 ${OFFER_MINUTES} 分钟，或两部手机的时间相差太大）。请对方重新出示。`,
  rules: '两部手机上的检查资料版本不同，不能核验同一份记录。请两部手机都联网同步后再来。',
  own_content: '这部手机里还有本次检查的照片或记录，没有进入对方的记录。请先在这部手机出示补充的内容，由对方扫描并入；或两部手机都联网同步，再互签。',
  differs: '两部手机的记录不一致：对方出示的内容与这部手机已有的不同，不能签。请核对后由对方重新出示。',
  replayed: '这不是对刚才所出示的码的回复（可能是以前的）。请对方重新扫描现在的码。',
  bad_signature: '回复的签名核对不上，没有采用。请对方重新扫码再签；仍不行请报告管理员。',
  no_record: '这部手机没有对方的记录，短核验码只能核对、不能核验：看不到的内容不能签。请扫码；或在对方手机“同机确认”后，在这里输入完整核验码。',
  no_match: '核验码与这部手机上的记录不一致，不能签。请核对是否输错；对方的记录有新内容的，先联网同步。',
  nothing: '这部手机还没有本次检查的照片或备注。',
  too_much: '补充的内容太多，扫码传不完。请两部手机都联网同步一次。',
  sealed: '记录已封存，不能再并入。请联网上传：封存之后到达的内容会列在记录之外。',
  forked: '对方手机出示的记录与本机已收到的不一致（同一序号有两条）。没有并入；请报告管理员。',
  bad_addition: '有一条的签名核对不上，都没有并入。请对方重新出示；仍不行请报告管理员。',
  stale: '出示之后本机的记录又有变化，这个回复已不适用。请重新出示，由对方再核验一次。',
} as const
export type MutualReason = keyof typeof TEXTS
type Refused = Refusal<MutualReason>

export function say(reason: MutualReason): Refused {
  return { ok: false, reason, text: TEXTS[reason] }
}

export interface MutualParts {
  readonly insp: string
  readonly pack: Pack
  readonly me: Pick<Me, 'dev' | 'user' | 'installation'>
  readonly vault: Vault
  readonly log: EventLog
  readonly clock: Clock
  readonly random: Random
  /** What was added, for the screen. */
  readonly took: (events: readonly LogEvent[]) => void
}

/** Whose phone it is, from what was synced before departure. */
export async function whose({ me, insp, pack, vault }: MutualParts, dev: string): Promise<Result<{ phone: TeamPhone; name: string }, MutualReason>> {
  if (dev === me.dev) return say('same_person')
  const phones = (await vault.get<VisitFact>(keys.visit(insp)))?.phones ?? []
  const phone = phones.find((one) => one.dev === dev)
  if (phone === undefined) return say('not_team')
  if (phone.installation === me.installation) return say('same_phone')
  if (phone.user === me.user) return say('same_person')
  const person = pack.team.find(({ user }) => user === phone.user)
  if (person === undefined || !pack.team.some(({ user }) => user === me.user)) return say('not_team')
  return phone.revoked ? say('revoked') : { ok: true, phone, name: person.name }
}

/** undefined when the bytes are not what they should be. */
export async function read<T>(make: () => Promise<T>): Promise<T | undefined> {
  try {
    return await make()
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}
