/**
 * What somebody finds who takes a locked phone's disk away: no name of a unit, no answer, no note, no photo, anywhere in
 * the browser's profile. The same search finds what a page without encryption leaves, in every place it leaves it.
 */
import { expect, test } from '@playwright/test'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { preparedPhone } from '../carry'
import { found, spellings } from '../grep'
import { Office, run } from '../office'
import { discardPhones, type Phone } from '../phone'

const UNIT = '虚构停车场运营有限公司'
const NOTE = '负二层集水井积水约二十厘米待抽排'
const DRAFT = '这句话写到一半还没有保存成记录'
const FINDING = { part: '负一层东侧出入口', note: '防护密闭门前堆放杂物三箱' }
const RECEIVER = '甄门岗测试'
const EXIF = 'suijian known photo 7f3a91c2'

let office: Office
test.beforeAll(async () => {
  test.setTimeout(900_000)
  office = await Office.open()
})
test.afterEach(async ({}, info) => {
  await discardPhones(info)
})
test.afterAll(async () => {
  await office.close()
})

test('a locked phone keeps nothing readable on its disk', async () => {
  test.setTimeout(600_000)
  const folder = mkdtempSync(join(tmpdir(), 'suijian-known-'))
  try {
    const file = join(folder, 'known.jpg')
    run('known_photo.py', file, EXIF)
    const photo = readFileSync(file)
    const { phone, visit, team } = await preparedPhone(office, {
      slug: 'wugang', unit: UNIT, logins: ['insp4', 'insp3'], alone: true,
      plan: { finding: FINDING, receiver: RECEIVER, party: '贾场长', photos: 1, look: async () => undefined },
    })
    await visit.begin(UNIT)
    await visit.walkTo('evidence')
    await phone.on('photo-import-input').first().setInputFiles(file)
    await expect(phone.on('photos-general')).toHaveAttribute('data-count', '1')
    await phone.tap('add-note')
    await phone.on('note-text').fill(NOTE)
    await phone.tap('note-save')
    await expect(phone.on('note-form')).toHaveCount(0)
    await phone.tap('add-note')
    await phone.on('note-text').fill(DRAFT)
    await expect(phone.page.locator('body')).toContainText(NOTE)
    const { insp, address } = { insp: visit.insp(), address: phone.page.url() }

    await phone.page.evaluate(() => {
      // Five minutes without a touch: the page is told so by its own clock.
      const real = Date.now.bind(Date)
      Date.now = () => real() + 6 * 60_000
    })
    await expect(phone.on('pin')).toBeAttached({ timeout: 60_000 })
    await nothingInThePage(phone, [UNIT, NOTE, DRAFT, FINDING.part, FINDING.note, RECEIVER])

    // The page of a program that encrypts nothing, in the same profile.
    await phone.page.goto(`${office.url}/api/v1/health`)
    await phone.page.goto(office.url)
    await expect(phone.on('pin')).toBeAttached()
    await phone.page.evaluate(leaveInTheClear, { text: '对照组的单位名称', bytes: photo.toString('base64') })
    await phone.switchOff()

    const wanted = {
      unit: spellings(UNIT), note: spellings(NOTE), draft: spellings(DRAFT), part: spellings(FINDING.part), finding: spellings(FINDING.note),
      receiver: spellings(RECEIVER), exif: spellings(EXIF), picture: [photo.subarray(40_000, 40_048)], jpeg: [Buffer.from('ffd8ffe000104a464946', 'hex')],
    }
    const control = { text: spellings('对照组的单位名称'), photo: [flipped(photo).subarray(40_000, 40_048)] }
    const seen = found(phone.profile, { ...wanted, ...control })
    // The search is worth something: it finds what lies in the clear, in the store and in its files of bytes.
    expect(seen['text']?.some((path) => path.includes('IndexedDB'))).toBe(true)
    expect(seen['text']?.some((path) => path.includes('Local Storage'))).toBe(true)
    expect(seen['text']?.some((path) => path.includes('CacheStorage'))).toBe(true)
    expect(seen['photo']?.some((path) => path.includes('IndexedDB'))).toBe(true)
    expect(Object.fromEntries(Object.keys(wanted).map((what) => [what, seen[what] ?? []]))).toEqual(Object.fromEntries(Object.keys(wanted).map((what) => [what, []])))

    // And nothing was lost by it: the same place, the same words, the half sentence too.
    await phone.switchOn()
    // The address is listened to once the first screen stands.
    await expect(phone.on('pin')).toBeAttached()
    await phone.page.goto(address)
    await phone.unlock(team[0])
    await expect.poll(() => visit.insp()).toBe(insp)
    await phone.tap('add-note')
    await expect(phone.on('note-text')).toHaveValue(DRAFT)
    await expect(phone.page.locator('body')).toContainText(NOTE)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

/** Nothing of it stands in the document, its address, its history, its small stores, or in the heap of the page. */
async function nothingInThePage(phone: Phone, secrets: readonly string[]): Promise<void> {
  const shown = await phone.page.evaluate(() => [document.documentElement.outerHTML, document.title, location.href, JSON.stringify(history.state), JSON.stringify({ ...localStorage }), JSON.stringify({ ...sessionStorage })].join('\n'))
  for (const secret of secrets) expect(shown).not.toContain(secret)
  const session = await phone.page.context().newCDPSession(phone.page)
  await session.send('HeapProfiler.collectGarbage')
  const parts: string[] = []
  session.on('HeapProfiler.addHeapSnapshotChunk', ({ chunk }) => parts.push(chunk))
  await session.send('HeapProfiler.takeHeapSnapshot', { reportProgress: false })
  await session.detach()
  const heap = (JSON.parse(parts.join('')) as { strings: string[] }).strings.join('\n')
  // The search is worth something: what the screen shows is there.
  expect(heap.includes('PIN 码')).toBe(true)
  expect(secrets.filter((secret) => heap.includes(secret))).toEqual([])
}

/** Runs in the page: the same kinds of things, in the clear, in each kind of store. Bytes differ in one bit from ours. */
async function leaveInTheClear({ text, bytes }: { text: string; bytes: string }): Promise<void> {
  const raw = Uint8Array.from(atob(bytes), (char) => char.charCodeAt(0) ^ 0x55)
  localStorage.setItem('control', text)
  await (await caches.open('control')).put('/control', new Response(text))
  await new Promise<void>((done, fail) => {
    const opening = indexedDB.open('control', 1)
    opening.onupgradeneeded = () => void opening.result.createObjectStore('rows')
    opening.onerror = () => fail(opening.error)
    opening.onsuccess = () => {
      const writing = opening.result.transaction('rows', 'readwrite', { durability: 'strict' })
      writing.objectStore('rows').put({ name: text }, 'row')
      writing.objectStore('rows').put(raw.buffer, 'photo')
      writing.oncomplete = () => {
        opening.result.close()
        done()
      }
      writing.onerror = () => fail(writing.error)
    }
  })
}

function flipped(bytes: Buffer): Buffer {
  return Buffer.from(bytes.map((byte) => byte ^ 0x55))
}
