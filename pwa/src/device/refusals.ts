/** The sentences for what a phone can refuse, in one place, so that every screen says the same. */
import type { AppendReason, PhotoReason, Refusal } from './ports'
import { StoreLost } from './disk'
import { VaultClosed, VaultDamaged } from './vault'

/** What is damaged cannot be shown; what the person must not do can be said. */
export const DAMAGED =
  '手机里有已保存的内容读不出来（存储可能损坏）。其余内容不受影响，照常保存和上传。请不要卸载随检，尽快导出备份并报告管理员。'

const TEXTS: Readonly<Record<PhotoReason, string>> = {
  storage_full: '手机存储空间不足，这一次没有保存。已保存的内容都还在：请清理手机空间或先上传，再拍照；文字记录仍可继续。',
  store_lost: '手机存储暂时没有响应，这一次没有保存。请关闭随检后重新打开，已保存的内容都还在。',
  locked: '已锁定，请输入本人 PIN 后继续。',
  bad_body: '填写内容不符合记录格式，没有保存。',
  changed: '内容刚刚有变化，这一次没有保存。请看过新的内容后再确认一次。',
  unsupported_format: '这个文件不是 JPEG、PNG 或 WebP 图片，不能作为照片。请改用随检相机或系统相机拍摄。',
  too_large: '文件超过允许的大小，没有保存。',
  camera_failed: '相机没有响应。请改用「系统相机」，或检查相机权限后重试。',
}

export function refuse<R extends PhotoReason>(reason: R, text: string = TEXTS[reason]): Refusal<R> {
  return { ok: false, reason, text }
}

/** Maps what the store throws to a value; anything else is a bug and stays an exception. */
export function storeTrouble(error: unknown): Refusal<'store_lost' | 'locked'> {
  if (error instanceof VaultClosed) return refuse('locked')
  if (error instanceof StoreLost) return refuse('store_lost')
  if (error instanceof VaultDamaged) return refuse('store_lost', DAMAGED)
  throw error
}

export function badBody(detail: string): Refusal<Extract<AppendReason, 'bad_body'>> {
  return refuse('bad_body', `${TEXTS.bad_body}（${detail}）`)
}
