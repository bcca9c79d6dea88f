/** Which texts of a sealed visit can be corrected: what people typed, named so that they recognise it. */
import type { Visit } from '@/core/fold'
import type { Pack } from '@/core/pack'
import { messages } from '@/ui/i18n'

export interface Correctable {
  /** `h path`: one place of one event. */
  readonly key: string
  readonly h: string
  readonly path: string
  readonly old: string
  readonly words: string
}

const t = messages(
  { part: '部位', note: '问题', measure: '措施', text: '内容', photo: '照片说明', said: '备注', doc: '材料名称', statement: '陈述意见' },
  { part: 'where', note: 'what', measure: 'measure', text: 'text', photo: 'photo caption', said: 'note', doc: 'document', statement: 'statement' },
)

export function correctable(visit: Visit, pack: Pack): Correctable[] {
  const found: Correctable[] = []
  const add = (entry: object, path: string, words: string): void => {
    const { h, [path]: value } = entry as Record<string, unknown>
    if (typeof h === 'string' && typeof value === 'string' && value !== '') found.push({ key: `${h} ${path}`, h, path, old: value, words: `${words}：${short(value)}` })
  }
  const items = new Map(pack.checklists.flatMap((list) => list.sections.flatMap((section) => section.items.map((item) => [`${list.id}/${item.id}`, item.text] as const))))
  for (const [key, answer] of Object.entries(visit.answers)) {
    const [list = '', , item = ''] = key.split('/')
    const name = short(items.get(`${list}/${item}`) ?? item)
    for (const head of answer.heads) for (const path of ['part', 'note', 'measure', 'text'] as const) add(head, path, `${name} · ${t(path)}`)
  }
  for (const one of visit.notes) add(one, 'text', t('said'))
  for (const one of visit.photos) add(one, 'caption', t('photo'))
  for (const one of visit.docs) add(one, 'title', t('doc'))
  if (visit.statement) add(visit.statement, 'text', t('statement'))
  return found
}

function short(text: string): string {
  const all = [...text.replace(/\s+/g, ' ')]
  return all.length > 18 ? `${all.slice(0, 18).join('')}…` : all.join('')
}
