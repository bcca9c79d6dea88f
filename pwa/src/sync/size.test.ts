/** What a visit costs on the wire: sizes are asserted, because they are the same on every machine. */
import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { beforeAll, describe, expect, it } from 'vitest'
import { b64url, fromB64url } from '../device/bytes'
import type { JsonObject, WireEvent } from '../device/ports'
import { INSP, PIN, TestPhone } from './testing/testPhone'

const sha = (name: string): string => createHash('sha256').update(name).digest('hex')
const item = (n: number): JsonObject => ({ checklist: 'CL-JD-DUTY', item: `FB-D${String(n).padStart(2, '0')}`, sheet: 0 })
const FINDING = { part: '二层东侧楼梯间', note: '防火门用木楔顶住，处于常开状态，已当场告知', measure: '责令立即改正' }

/** The typical inspection of the design: 76 events, of them 20 photos and 40 answers. */
function typical(): { type: string; body: JsonObject }[] {
  const d = b64url(new Uint8Array(32).fill(7))
  return [
    { type: 'insp.open', body: { pack: sha('pack'), pin: d, mode: 'on_site', assignments: [], checklists: [] } },
    { type: 'rec.mark', body: { mark: 'arrival' } },
    { type: 'gps.fix', body: { lat: 290_766_512, lon: 1_196_447_010, acc: 1_400, at: 1_795_000_000_123 } },
    ...['u-cheng', 'u-lu'].map((inspector) => ({ type: 'recusal.declare', body: { inspector, conflict: false } })),
    { type: 'id.show', body: { inspectors: ['程甲', '陆乙'].map((name, n) => ({ user: `0195f0a0-0000-7000-8000-0000000000b${n}`, name, certificate_no: `浙G${n}2345678901` })) } },
    { type: 'notice.give', body: { number: '金东消检通字〔2026〕第0042号', doc: sha('notice'), mode: 'received', receiver: '甄前厅', role: '安全管理人' } },
    ...['basis', 'content', 'rights', 'inspectors'].map((key) => ({ type: 'told.tick', body: { key, spoken: true } })),
    ...Array.from({ length: 40 }, (_, n) => ({ type: 'check.answer', body: { ...item(n), val: n % 10 === 9 ? 'fail' : 'pass', ...(n % 10 === 9 ? FINDING : {}) } })),
    ...Array.from({ length: 20 }, (_, n) => ({ type: 'photo.add', body: { ...item(n), sha256: sha(`photo ${n}`), size: 2_412_345 + n, mime: 'image/jpeg', width: 4000, height: 3000, src: 'inapp', purpose: 'item' } })),
    { type: 'note.add', body: { text: '现场秩序正常，消防控制室双人值守，值班记录填写完整。' } },
    { type: 'outcome', body: { kind: 'completed' } },
    { type: 'attest', body: { d, pin: d, text: d, level: 'A3', chains: [{ dev: 'A'.repeat(22), n: 70, root: d }, { dev: 'A'.repeat(21) + 'Q', n: 2, root: d }] } },
    { type: 'sign.party', body: { mode: 'signed', name: '甄前厅', role: '安全管理人', ink: sha('ink'), strokes: sha('strokes'), text: d } },
    { type: 'seal', body: { d, text: d, chains: [{ dev: 'A'.repeat(22), n: 70, root: d }, { dev: 'A'.repeat(21) + 'Q', n: 2, root: d }], count: 76, root: d, outcome: 'completed', party: true, ended: 1_795_000_000_123 } },
  ]
}

let wires: readonly { type: string; wire: WireEvent }[]
beforeAll(async () => {
  const phone = await TestPhone.make()
  phone.devName = (spki) => b64url(createHash('sha256').update('suijian/dev/v1\0').update(fromB64url(spki)).digest().subarray(0, 16))
  const enrolled = await (await phone.start()).enrol({ code: 'CODE000001', pin: PIN, label: 'x' })
  if (!enrolled.ok) throw new Error(enrolled.text)
  const { session } = enrolled
  await session.syncNow()
  const visit = await session.openVisit(INSP)
  for (const { type, body } of typical()) {
    phone.clock.pass(31_000)
    const kept = await visit?.append(type, body)
    if (kept?.ok !== true) throw new Error(`${type}: ${JSON.stringify(kept)}`)
  }
  await session.syncNow()
  const chain = phone.server.state.chains.get(session.me.dev) ?? []
  wires = chain.map(({ wire }) => ({ type: (JSON.parse(wire.h) as { t: string }).t, wire })).filter(({ type }) => !type.startsWith('dev.'))
}, 60_000)

describe('a visit on the wire', () => {
  it('has 76 events', () => {
    expect(wires).toHaveLength(76)
  })

  it('an event is smaller than 700 bytes; what is larger names hashes or people, and its size is known', () => {
    // A person's id has 36 characters; that of the made-up server is shorter.
    const by = ({ h }: WireEvent): number => 36 - (JSON.parse(h) as { by: string }).by.length
    const sizes = wires.map(({ type, wire }) => ({ type, bytes: Buffer.byteLength(wire.h) + Buffer.byteLength(wire.b ?? '') + 64 + by(wire) }))
    const larger: Record<string, number> = {}
    for (const { type, bytes } of sizes) if (bytes >= 700) larger[type] = Math.max(bytes, larger[type] ?? 0)
    // The header alone is 407: three hashes, two ids of 36 characters, the anchor. docs/performance.md says what each body needs.
    expect(larger).toEqual({ 'id.show': 711, 'check.answer': 706, 'photo.add': 724, 'sign.party': 768, attest: 865, seal: 919 })
    const all = sizes.map(({ bytes }) => bytes).sort((a, b) => a - b)
    console.log(`events: median ${all[38]} bytes, largest ${all.at(-1)}, together ${all.reduce((sum, one) => sum + one, 0)}`)
  })

  it('is sent in less than 20 kB', () => {
    const packed = gzipSync(JSON.stringify({ epoch: 1, events: wires.map(({ wire }) => wire) })).length
    console.log(`76 events: ${packed} bytes gzip`)
    expect(packed).toBeLessThan(20_000)
  })
})
