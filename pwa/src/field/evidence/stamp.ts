/** The lines burnt into the copy of a photo that people look at; the original stays as it was taken. */
import { civil } from '@/core/wording'
import type { PhotoTarget, StampLines, Visit } from '@/sync/session'

const two = (value: number): string => String(value).padStart(2, '0')

/** `2026-11-03 09:05:12`, Asia/Shanghai. */
export function stampTime(ms: number): string {
  const { year, month, day, hour, minute } = civil(ms)
  return `${year}-${two(month)}-${two(day)} ${two(hour)}:${two(minute)}:${two(Math.floor(ms / 1000) % 60)}`
}

/**
 * Unit; time and number; inspectors; what is shown. A position only where the rules allow one at all
 * (D-22) and only when the phone has it.
 */
export function stampLines(visit: Visit, target: PhotoTarget, now: number): StampLines {
  const { pack } = visit
  const item = pack.checklists
    .find((one) => one.id === target.checklist)
    ?.sections.flatMap((section) => section.items)
    .find((one) => one.id === target.item)
  const position = visit.positionAllowed ? visit.position() : undefined
  const about = target.caption || item?.text || ''
  return [
    pack.unit.name,
    `${stampTime(now)}　${pack.number}`,
    `检查人员：${pack.team.map((one) => one.name).join('、')}`,
    ...(about ? [about.length > 24 ? `${about.slice(0, 24)}…` : about] : []),
    ...(position ? [`${degrees(position.lat)}, ${degrees(position.lon)}（约 ${Math.max(1, Math.round(position.acc / 100))} 米）`] : []),
  ]
}

function degrees(value: number): string {
  return (value / 1e7).toFixed(5)
}
